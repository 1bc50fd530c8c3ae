import { mkdirSync, rmSync, watch } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../testing/eventually.js';
import { watchFiles } from './watch-files.js';

t.test('all kinds of changes are noticed, also in new directories', async (t) => {
  const directory = t.testdir({ 'a.c': '', sub: { 'b.c': '' } });
  const watched = watchFiles(directory);
  t.teardown(() => watched.close());
  const seen = async (what: string, change: () => Promise<unknown>) => {
    const event = watched.changed();
    await change();
    await event;
    t.pass(what);
  };
  await seen('a write', () => writeFile(join(directory, 'a.c'), 'x'));
  await seen('a write further down', () => writeFile(join(directory, 'sub/b.c'), 'x'));
  await seen('a new directory', () => mkdir(join(directory, 'new')));
  await seen('a write in it', () => writeFile(join(directory, 'new/c.c'), 'x'));
  await seen('the removal of a directory', () => rm(join(directory, 'new'), { recursive: true }));
  await writeFile(join(directory, 'next'), 'y');
  await seen('a file replaced by a rename', () => rename(join(directory, 'next'), join(directory, 'a.c')));
});

t.test('directories that are removed and made again are watched again', async (t) => {
  const directory = join(t.testdir({ driver: { sub: { 'a.c': '' } } }), 'driver');
  const sub = join(directory, 'sub');
  const warnings: string[] = [];
  const counts = new Map<string, number>();
  const counting = ((path: string, listener: () => void) => {
    counts.set(path, (counts.get(path) ?? 0) + 1);
    return watch(path, listener);
  }) as typeof watch;
  const watched = watchFiles(directory, (line) => warnings.push(line), counting);
  t.teardown(() => watched.close());
  // At once, as git does it, so that no event comes in between.
  rmSync(sub, { recursive: true });
  mkdirSync(sub);
  await eventually(() => counts.get(sub) === 2);
  t.strictSame([counts.get(directory), warnings], [1, []], 'its parent is still the same');
  rmSync(directory, { recursive: true });
  await eventually(() => warnings.length > 0);
  t.match(warnings, [/driver was removed; waiting until it is there again/]);
  mkdirSync(sub, { recursive: true });
  await eventually(() => counts.get(sub) === 3);
  t.equal(counts.get(directory), 2);
  t.equal(warnings.length, 1);
});

t.test('an event before the call of changed() is not lost', async (t) => {
  const directory = t.testdir({ 'a.c': '' });
  const watched = watchFiles(directory);
  t.teardown(() => watched.close());
  const event = new Promise<void>((resolve) => watched.onEvent(resolve));
  await writeFile(join(directory, 'a.c'), 'x');
  await event;
  await watched.changed();
});

const failing = (
  code: string,
  fails: (path: string) => boolean,
  before: () => void = () => {},
): typeof watch =>
  ((path: string, listener: () => void) => {
    if (!fails(path)) return watch(path, listener);
    before();
    throw Object.assign(new Error(code), { code });
  }) as typeof watch;

for (const [code, limit] of [
  ['ENOSPC', 'max_user_watches'],
  ['EMFILE', 'max_user_instances'],
] as const)
  t.test(`${code}: the limit is reported once, and changes are still noticed`, async (t) => {
    const directory = t.testdir({ a: {}, b: {} });
    const lines: string[] = [];
    const watched = watchFiles(
      directory,
      (line) => lines.push(line),
      failing(code, (path) => path !== directory),
    );
    t.teardown(() => watched.close());
    t.match(lines, [new RegExp(`limit fs\\.inotify\\.${limit} is reached.*sysctl`)]);
    t.equal(lines.length, 1);
    const event = watched.changed();
    await writeFile(join(directory, 'a/x.c'), '');
    await event;
  });

t.test('a directory that is removed between listing and watching is ignored', async (t) => {
  const directory = t.testdir({ gone: {}, 'a.c': '' });
  const gone = join(directory, 'gone');
  const watched = watchFiles(
    directory,
    (line) => t.fail(line),
    failing(
      'ENOENT',
      (path) => path === gone,
      () => rmSync(gone, { recursive: true }),
    ),
  );
  const event = watched.changed();
  await writeFile(join(directory, 'a.c'), 'x');
  await event;
  // Before tap removes the directory.
  watched.close();
});

t.test('run directories are not watched', async (t) => {
  const directory = t.testdir({ runs: { one: { '.vmmci-run': '', kernel: {} } } });
  const paths: string[] = [];
  watchFiles(directory, undefined, ((path: string, listener: () => void) => {
    paths.push(path);
    return watch(path, listener);
  }) as typeof watch).close();
  t.strictSame(paths, [directory, join(directory, 'runs')]);
});
