import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { watchFiles } from './watch-files.js';

t.test('saves of all kinds are seen, also in directories that are new', async (t) => {
  const directory = t.testdir({ 'a.c': '', sub: { 'b.c': '' } });
  const watched = watchFiles(directory);
  t.teardown(watched.close);
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
  await seen('its end', () => rm(join(directory, 'new'), { recursive: true }));
  await writeFile(join(directory, 'next'), 'y');
  await seen('a file put in place of another', () => rename(join(directory, 'next'), join(directory, 'a.c')));
});

t.test('an event while nobody waits is not lost', async (t) => {
  const directory = t.testdir({ 'a.c': '' });
  const watched = watchFiles(directory);
  t.teardown(watched.close);
  const event = new Promise<void>((resolve) => watched.onEvent(resolve));
  await writeFile(join(directory, 'a.c'), 'x');
  await event;
  await watched.changed();
});
