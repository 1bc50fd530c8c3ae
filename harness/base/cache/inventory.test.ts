import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { privateCache } from '../../testing/private-cache.js';
import { codeOf } from '../errors.js';
import { cacheFolders, chooseFolders, clearFolders, measureCache } from './inventory.js';

t.test('measureCache lists the folders with their sizes', async (t) => {
  const cache = privateCache(t);
  t.strictSame(await measureCache(), []);
  await mkdir(join(cache, 'snapshots'), { recursive: true });
  await writeFile(join(cache, 'snapshots', 'a.ram'), Buffer.alloc(100_000, 1));
  await writeFile(join(cache, 'snapshots', '.b.ram.partial-01'), '');
  const [usage, ...others] = await measureCache();
  t.match(usage, { name: 'snapshots', entries: 1 });
  t.ok(Number(usage?.bytes) >= 100_000, `${usage?.bytes} bytes`);
  t.strictSame(others, []);
});

t.test('a cache that cannot be written is measured, but not cleared', async (t) => {
  privateCache(t);
  process.env.XDG_CACHE_HOME = '/proc'; // nobody can create a directory there
  t.strictSame(await measureCache(), []);
  await t.rejects(async () => clearFolders(chooseFolders(['guest'])), { code: 'CACHE_UNWRITABLE' });
});

t.test('clearing a folder keeps entries that are being built', async (t) => {
  const cache = privateCache(t);
  await mkdir(join(cache, 'modules', '6.12', 'deep'), { recursive: true });
  await writeFile(join(cache, 'modules', '.x.partial-01-work'), '');
  await clearFolders(chooseFolders(['modules', 'guest']));
  t.strictSame(await readdir(join(cache, 'modules')), ['.x.partial-01-work']);
});

t.test('a folder that cannot be read is not an empty one', async (t) => {
  const cache = privateCache(t);
  await symlink('modules', join(cache, 'modules'));
  await t.rejects(clearFolders(chooseFolders(['modules'])), { code: 'ELOOP' });
});

t.test('unknown folder names are refused, and the locks are not a folder', async (t) => {
  for (const name of ['', 'locks', '../x', 'kernel']) {
    const error = await Promise.resolve()
      .then(() => chooseFolders([name]))
      .catch((error: unknown) => error);
    t.equal(codeOf(error), 'UNKNOWN_NAME', name);
  }
  t.equal(chooseFolders(cacheFolders.map(({ name }) => name)).length, cacheFolders.length);
});
