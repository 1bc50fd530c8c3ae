import { appendFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { defaultChoice } from '../run/choice.js';
import { startScenarioProcess } from './scenario-process.js';

const kill = new AbortController().signal;
const choiceModule = JSON.stringify(
  pathToFileURL(join(import.meta.dirname, '../run/current-choice.js')).href,
);
const tap = JSON.stringify(import.meta.resolve('tap'));

t.test(
  'each file has its own output and an empty run directory; nothing of the process is left',
  async (t) => {
    const top = t.testdir({
      'one.mjs': `import t from ${tap}; import { currentChoice } from ${choiceModule}; import { writeFileSync } from 'node:fs';
      writeFileSync(process.env.TMPDIR + '/left', ''); writeFileSync(currentChoice().run + '/left', '');
      t.test('first', async () => { console.log(process.env.TMPDIR); console.error('and ' + process.env.WORD); });`,
      'two.mjs': `import t from ${tap}; import { currentChoice } from ${choiceModule}; import { readdirSync } from 'node:fs';
      t.test('second', async (t) => t.strictSame(readdirSync(currentChoice().run), []));`,
    });
    const staging = join(top, 'staging');
    const process = await startScenarioProcess({
      env: { WORD: 'so on' },
      choice: defaultChoice(staging),
      kill,
    });
    const first = await process.run(join(top, 'one.mjs'));
    t.match(first, { ok: true, how: 'status 0', isAlive: true });
    const [, directory = ''] = /^(\S*\/vmmci-\S+)\nand so on$/m.exec(first.output) ?? [];
    t.match(first.output, /\nok 1 - first[^\n]*$/);
    t.strictSame(readdirSync(staging), ['left']);
    t.ok(existsSync(directory));
    // As if the process had.
    appendFileSync(join(directory, 'output'), 'too late\n');
    const second = await process.run(join(top, 'two.mjs'));
    t.match(second, { ok: true, late: 'too late' });
    t.match(
      second.output,
      /^# Subtest: second[\s\S]*\nok 2 - second[^\n]*$/,
      'without the output of the first file',
    );
    t.match(await process.end(), { ok: true, how: 'status 0', isAlive: false });
    t.notOk(existsSync(directory));
    t.notOk(existsSync(staging));
  },
);

t.test('a process that does not finish a file is killed', async (t) => {
  const top = t.testdir({
    'it.mjs': `console.log(process.env.TMPDIR); await new Promise(() => setInterval(() => {}, 1000));`,
  });
  const process = await startScenarioProcess({
    choice: defaultChoice(join(top, 'staging')),
    kill,
    timeoutMs: 1000,
  });
  const end = await process.run(join(top, 'it.mjs'));
  t.match(end, { ok: false, how: 'no end within 1 s', isAlive: false });
  await process.kill();
  t.notOk(existsSync(end.output));
});
