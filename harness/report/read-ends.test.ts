import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { readEnds } from './read-ends.js';

t.test('of a large file, complete lines at the beginning and the end are read', async (t) => {
  const directory = t.testdir({ small: 'a\n\nb\n', large: 'one\ntwo\nthree\nfour\nfive\n' });
  t.strictSame(await readEnds(join(directory, 'small'), 100), { lines: ['a', 'b'], skippedBytes: 0 });
  t.strictSame(await readEnds(join(directory, 'large'), 12), { lines: ['one', 'five'], skippedBytes: 15 });
  t.strictSame(await readEnds(join(directory, 'none'), 12), { lines: [], skippedBytes: 0 });
});

t.test('what is no file is refused, not waited for', async (t) => {
  const directory = t.testdir({});
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  for (const path of [directory, join(directory, 'fifo')])
    await t.rejects(readEnds(path, 12), { code: 'REPORT_READ', fields: { path } });
});
