import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { newRunDirectory } from './run-directory.js';

t.test('each run gets its own directory, and the names sort by time', (t) => {
  const parent = t.testdir({});
  const now = new Date('2026-01-02T03:04:05.678Z');
  const names = [1, 2, 3].map(() => basename(newRunDirectory(parent, now)));
  t.strictSame(names, ['2026-01-02T03.04.05', '2026-01-02T03.04.05-2', '2026-01-02T03.04.05-3']);
  newRunDirectory(parent, new Date('2026-01-02T03:04:06Z'));
  t.strictSame(readdirSync(parent).sort(), [...names, '2026-01-02T03.04.06']);
  t.end();
});

t.test('git ignores the runs, unless their directory was there before', (t) => {
  const parent = join(t.testdir({}), 'runs');
  const first = basename(newRunDirectory(parent));
  t.strictSame(readdirSync(parent), ['.gitignore', first]);
  t.equal(readFileSync(join(parent, '.gitignore'), 'utf8'), '*\n');
  const own = t.testdir({});
  const run = basename(newRunDirectory(own));
  t.strictSame(readdirSync(own), [run]);
  t.end();
});
