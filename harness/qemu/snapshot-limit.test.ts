import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { codeOf } from '../base/errors.js';
import { privateCache } from '../testing/private-cache.js';
import {
  chooseVictims,
  limitVariable,
  listSnapshots,
  noteUse,
  snapshotDirectory,
  snapshotLimit,
  trimSnapshots,
} from './snapshot-limit.js';

const file = (key: string, bytes: number, usedAt: number) => ({ key, bytes, usedAt });
const keys = (files: readonly { key: string }[]): string[] => files.map(({ key }) => key);

t.test('the least recently used go first, and no more than must', async (t) => {
  const files = [file('new', 10, 3), file('old', 10, 1), file('middle', 10, 2)];
  t.strictSame(chooseVictims(files, 30, ''), []);
  t.strictSame(keys(chooseVictims(files, 29, '')), ['old']);
  t.strictSame(keys(chooseVictims(files, 10, '')), ['old', 'middle']);
});

t.test('the one in use stays, whatever the limit', async (t) => {
  const files = [file('a', 10, 1), file('b', 10, 2)];
  t.strictSame(keys(chooseVictims(files, 0, 'a')), ['b']);
  t.strictSame(chooseVictims([file('a', 10, 1)], 0, 'a'), []);
});

t.test('on disk: a use makes a snapshot young, and what is no snapshot stays', async (t) => {
  privateCache(t);
  await mkdir(snapshotDirectory(), { recursive: true });
  for (const [index, key] of ['a', 'b', 'c'].entries()) {
    const path = join(snapshotDirectory(), `${key}.ram`);
    await writeFile(path, Buffer.alloc(2 ** 20, 1));
    await utimes(path, index + 1, index + 1);
  }
  await writeFile(join(snapshotDirectory(), '.d.ram.partial-0011'), '');
  t.strictSame(await trimSnapshots('x', 0), [], 'far below the limit');
  await noteUse('a');
  t.equal((await listSnapshots()).length, 3);
  process.env[limitVariable] = '2';
  t.teardown(() => delete process.env[limitVariable]);
  t.strictSame(keys(await trimSnapshots('c')), ['b']);
  t.strictSame(keys(await trimSnapshots('c', 1)), ['a'], 'room for one that is coming');
  t.strictSame((await readdir(snapshotDirectory())).sort(), ['.d.ram.partial-0011', 'c.ram']);
});

t.test('a directory is as large as what is in it, and goes as a whole', async (t) => {
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
