import { join } from 'node:path';
import t from 'tap';
import { findQemu, isNewEnough, parseVersion } from './find.js';

t.test('parses the version of QEMU only', async (t) => {
  t.equal(parseVersion('QEMU emulator version 11.1.3 (Debian 1:11.1.3+ds-1~bpo13+1)'), '11.1.3');
  t.equal(parseVersion('QEMU emulator version 10.2.0'), '10.2.0');
  t.equal(parseVersion('qemu-img version 11.1.3'), undefined);
  t.equal(parseVersion(''), undefined);
});

t.test('accepts versions from 10.2 on, the first with vfio-user', async (t) => {
  for (const version of ['10.2.0', '10.10.1', '11.0.0']) t.ok(isNewEnough(version), version);
  for (const version of ['10.1.9', '9.2.4', '7.2.0']) t.notOk(isNewEnough(version), version);
});

t.test('rejects a path without an executable file as a usage error', async (t) => {
  const path = join(t.testdir({ 'not-executable': '' }), 'not-executable');
  await t.rejects(findQemu({ path, root: { path: '/nowhere', version: '', compiler: '' } }), {
    code: 'QEMU_UNUSABLE',
    blame: 'usage',
    message: new RegExp(`${path}.*no executable file`),
  });
});
