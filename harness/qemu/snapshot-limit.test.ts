import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { codeOf } from '../base/errors.js';
import { privateCache } from '../testing/private-cache.js';
import {
  chooseEvictions,
  limitVariable,
  listSnapshots,
  markUsed,
  snapshotDirectory,
  snapshotLimit,
  trimSnapshots,
} from './snapshot-limit.js';

const file = (key: string, bytes: number, usedAt: number) => ({ key, bytes, usedAt });
const keys = (files: readonly { key: string }[]): string[] => files.map(({ key }) => key);

t.test('evicts the least recently used snapshots, and only as many as necessary', async (t) => {
  const files = [file('new', 10, 3), file('old', 10, 1), file('middle', 10, 2)];
  t.strictSame(chooseEvictions(files, 30, ''), []);
  t.strictSame(keys(chooseEvictions(files, 29, '')), ['old']);
  t.strictSame(keys(chooseEvictions(files, 10, '')), ['old', 'middle']);
});

t.test('never evicts the current snapshot', async (t) => {
  const files = [file('a', 10, 1), file('b', 10, 2)];
  t.strictSame(keys(chooseEvictions(files, 0, 'a')), ['b']);
  t.strictSame(chooseEvictions([file('a', 10, 1)], 0, 'a'), []);
});

t.test('a use protects a snapshot on disk, and other files are left alone', async (t) => {
  privateCache(t);
  await mkdir(snapshotDirectory(), { recursive: true });
  for (const [index, key] of ['a', 'b', 'c'].entries()) {
    const path = join(snapshotDirectory(), `${key}.ram`);
    await writeFile(path, Buffer.alloc(2 ** 20, 1));
    await utimes(path, index + 1, index + 1);
  }
  await writeFile(join(snapshotDirectory(), '.d.ram.partial-0011'), '');
  t.strictSame(await trimSnapshots('x', 0), [], 'below the limit');
  await markUsed('a');
  t.equal((await listSnapshots()).length, 3);
  process.env[limitVariable] = '2';
  t.teardown(() => delete process.env[limitVariable]);
  t.strictSame(keys(await trimSnapshots('c')), ['b']);
  t.strictSame(keys(await trimSnapshots('c', 1)), ['a'], 'makes room for an incoming snapshot');
  t.strictSame((await readdir(snapshotDirectory())).sort(), ['.d.ram.partial-0011', 'c.ram']);
});

t.test('the size of a directory is the sum of its files, and it is evicted as a whole', async (t) => {
  privateCache(t);
  const path = join(snapshotDirectory(), 'a.ram');
  await mkdir(path, { recursive: true });
  for (const name of ['ram', 'disk.qcow2']) await writeFile(join(path, name), Buffer.alloc(2 ** 20, 1));
  const bytes = (await listSnapshots()).map((found) => found.bytes);
  t.strictSame(bytes, [2 * 2 ** 20]);
  process.env[limitVariable] = '1';
  t.teardown(() => delete process.env[limitVariable]);
  t.strictSame(keys(await trimSnapshots('b')), ['a']);
  t.strictSame(await readdir(snapshotDirectory()), []);
});

t.test('the limit is a number of MiB', async (t) => {
  t.equal(snapshotLimit('5'), 5 * 2 ** 20);
  t.equal(snapshotLimit(''), 6 * 2 ** 30);
  for (const text of ['5G', '-1', ' 5'])
    t.equal(
      codeOf(
        await Promise.resolve()
          .then(() => snapshotLimit(text))
          .catch((error: unknown) => error),
      ),
      'INVALID_VALUE',
    );
});
