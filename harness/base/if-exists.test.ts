import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { ifExists, namesIn, targetOf } from './if-exists.js';

t.test('a missing file is undefined, and any other error is thrown', async (t) => {
  const directory = t.testdir({ file: 'text' });
  t.equal(await ifExists(readFile(join(directory, 'file'), 'utf8')), 'text');
  t.equal(await ifExists(readFile(join(directory, 'missing', 'file'))), undefined);
  t.equal(await ifExists(readFile(join(directory, 'file', 'file'))), undefined, 'below a file');
  await t.rejects(ifExists(readFile(directory)), { code: 'EISDIR' });
});

t.test('an empty list only where there is no directory, no target only where there is no link', async (t) => {
  const directory = t.testdir({ file: '', full: { one: '' }, link: t.fixture('symlink', 'full') });
  await symlink('loop', join(directory, 'loop'));
  t.strictSame(await namesIn(join(directory, 'full')), ['one']);
  t.strictSame(await namesIn(join(directory, 'missing')), []);
  t.strictSame(await namesIn(join(directory, 'file')), [], 'a file has no names');
  await t.rejects(namesIn(join(directory, 'loop')), { code: 'ELOOP' });
  t.equal(await targetOf(join(directory, 'link')), 'full');
  t.equal(await targetOf(join(directory, 'missing')), undefined);
  t.equal(await targetOf(join(directory, 'file')), undefined);
  await t.rejects(targetOf(join(directory, 'loop', 'x')), { code: 'ELOOP' });
});
