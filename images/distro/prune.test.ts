import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { prune } from './prune.js';

t.test('the latest stay, and the one in use, and what is being made', async (t) => {
  const directory = t.testdir({ a: { deep: {} }, b: 'b', c: 'c', current: '', '.d.partial-1': '' });
  for (const [index, name] of ['current', '.d.partial-1', 'a', 'b', 'c'].entries())
    await utimes(join(directory, name), index + 1, index + 1);
  await prune(directory, 'current', 2);
  t.strictSame((await readdir(directory)).sort(), ['.d.partial-1', 'c', 'current']);
  await prune(directory, 'new', 9);
  t.equal((await readdir(directory)).length, 3);
});
