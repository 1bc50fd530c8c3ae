import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ifExists } from './if-exists.js';

t.test('a missing file is undefined, and any other error is thrown', async (t) => {
  const directory = t.testdir({ file: 'text' });
  t.equal(await ifExists(readFile(join(directory, 'file'), 'utf8')), 'text');
  t.equal(await ifExists(readFile(join(directory, 'missing', 'file'))), undefined);
  await t.rejects(ifExists(readFile(join(directory, 'file', 'file'))), { code: 'ENOTDIR' });
  await t.rejects(ifExists(readFile(directory)), { code: 'EISDIR' });
});
