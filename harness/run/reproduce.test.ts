import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { defaultChoice } from './choice.js';
import { choiceOptions, reproduceScript } from './reproduce.js';

t.test('the options reproduce the choice', (t) => {
  t.strictSame(choiceOptions(defaultChoice('/run')), ['--kernel', '6.12-cloud', '--generation', '8.0']);
  t.strictSame(
    choiceOptions({
      kernel: 'dir:/k',
      driver: '/my driver',
      description: '/d.json',
      qemu: '/q',
      scenarios: '/s',
      generation: '7.8',
      level: 'must',
      kernelParameters: 'slub_debug=FZPU a',
    }),
    [
      ...[
        '--kernel',
        'dir:/k',
        '--kernel-parameters',
        'slub_debug=FZPU a',
        '--generation',
        '7.8',
        '--level',
        'must',
        '--driver',
        '/my driver',
      ],
      ...['--driver-description', '/d.json', '--scenarios', '/s', '--qemu', '/q'],
    ],
  );
  t.end();
});

t.test('the script passes each argument on unchanged', (t) => {
  const words = "it's $(echo a) driver";
  const directory = t.testdir({ bin: {} });
  const script = reproduceScript({ ...defaultChoice('/run'), driver: `/${words}` }, 'two "words"');
  // The fake node prints its arguments.
  writeFileSync(join(directory, 'bin/node'), '#!/bin/sh\nshift\nfor word; do echo "$word"; done\n', {
    mode: 0o755,
  });
  writeFileSync(join(directory, 'bin/npm'), '#!/bin/sh\n', { mode: 0o755 });
  const out = execFileSync('sh', ['-c', script, 'reproduce.sh', '--jobs', '1'], {
    encoding: 'utf8',
    env: { PATH: `${join(directory, 'bin')}:${process.env.PATH}` },
  });
  t.strictSame(out.trimEnd().split('\n'), [
    ...['test', '--kernel', '6.12-cloud', '--generation', '8.0', '--driver', `/${words}`],
    ...['--keep', '--exact', 'two "words"', '--jobs', '1'],
  ]);
  t.end();
});
