import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { privateCache } from '../../testing/private-cache.js';
import { codeOf } from '../errors.js';
import { chooseShelves, clearShelf, shelves, takeStock } from './inventory.js';

t.test('stock: what is there, with sizes', async (t) => {
  const cache = privateCache(t);
  t.strictSame(await takeStock(), []);
  await mkdir(join(cache, 'snapshots'), { recursive: true });
  await writeFile(join(cache, 'snapshots', 'a.ram'), Buffer.alloc(100_000, 1));
  await writeFile(join(cache, 'snapshots', '.b.ram.partial-01'), '');
  const [stock, ...others] = await takeStock();
  t.match(stock, { name: 'snapshots', entries: 1 });
  t.ok(Number(stock?.bytes) >= 100_000, `${stock?.bytes} bytes`);
  t.strictSame(others, []);
});

t.test('clearing leaves what is being made', async (t) => {
  const cache = privateCache(t);
  await mkdir(join(cache, 'modules', '6.12', 'deep'), { recursive: true });
  await writeFile(join(cache, 'modules', '.x.partial-01-work'), '');
  for (const shelf of chooseShelves(['modules', 'guest'])) await clearShelf(shelf);
  t.strictSame(await readdir(join(cache, 'modules')), ['.x.partial-01-work']);
});

t.test('names that are none are refused; locks are none', async (t) => {
  for (const name of ['', 'locks', '../x', 'kernel']) {
    const error = await Promise.resolve()
      .then(() => chooseShelves([name]))
      .catch((error: unknown) => error);
    t.equal(codeOf(error), 'UNKNOWN_NAME', name);
  }
  t.equal(chooseShelves(shelves.map(({ name }) => name)).length, shelves.length);
});
