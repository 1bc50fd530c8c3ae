import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { directoryReason } from './thrown.js';

t.test('the reason why a directory cannot be read, in words', async (t) => {
  const directory = t.testdir({ file: '' });
  const reasonFor = (path: string, named = path) =>
    readdir(path).catch((error: unknown) => directoryReason(error, named));
  t.equal(await reasonFor(join(directory, 'none')), 'there is no such directory');
  t.equal(await reasonFor(join(directory, 'file')), 'it is not a directory');
  t.match(await reasonFor(join(directory, 'none'), directory), /^ENOENT: .*none/, 'another path is named');
  t.equal(directoryReason('text', directory), 'text');
});
