import { lstatSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeDirectory } from './make-directory.js';

t.test('creates all missing parents, and says which was the first', async (t) => {
  const top = t.testdir({});
  t.equal(makeDirectory(join(top, 'a/b/c'), 0o700), join(top, 'a'));
  t.equal(lstatSync(join(top, 'a/b/c')).mode & 0o777, 0o700);
  t.equal(makeDirectory(join(top, 'a/b')), undefined);
});

t.test('a directory that cannot be created is an error', async (t) => {
  const top = t.testdir({ file: '' });
  symlinkSync('nowhere', join(top, 'dangling'));
  const cases: readonly [path: string, code: string][] = [
    [join(top, 'file'), 'EEXIST'],
    [join(top, 'file/a'), 'ENOTDIR'],
    [join(top, 'dangling'), 'EEXIST'],
    ['/proc/vmmci', 'ENOENT'],
    ['/proc/self/vmmci/runs', 'ENOENT'],
  ];
  for (const [path, code] of cases) t.throws(() => makeDirectory(path), { code }, path);
});
