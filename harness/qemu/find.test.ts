import { join } from 'node:path';
import t from 'tap';
import { findQemu } from './find.js';

t.test('rejects a path without an executable file as a usage error', async (t) => {
  const path = join(t.testdir({ 'not-executable': '' }), 'not-executable');
  await t.rejects(findQemu({ path, root: { path: '/nowhere', version: '', compiler: '' } }), {
    code: 'QEMU_UNUSABLE',
    blame: 'usage',
    message: new RegExp(`${path}.*no executable file`),
  });
});
