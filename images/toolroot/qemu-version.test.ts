import t from 'tap';
import { isNewEnough, parseQemuVersion } from './qemu-version.js';

t.test('parses the version of QEMU only', async (t) => {
  t.equal(parseQemuVersion('QEMU emulator version 11.1.3 (Debian 1:11.1.3+ds-1)\nCopyright'), '11.1.3');
  t.equal(parseQemuVersion('QEMU emulator version 10.2.0'), '10.2.0');
  t.equal(parseQemuVersion('QEMU emulator version 10.2\n'), '10.2');
  t.equal(parseQemuVersion('qemu-img version 11.1.3'), undefined);
  t.equal(parseQemuVersion('bash: not found'), undefined);
  t.equal(parseQemuVersion(''), undefined);
});

t.test('accepts versions from 10.2 on, the first with vfio-user', async (t) => {
  for (const version of ['10.2', '10.2.0', '10.10.1', '11.0.0']) t.ok(isNewEnough(version), version);
  for (const version of ['10.1.9', '9.9', '9.2.4', '7.2.0']) t.notOk(isNewEnough(version), version);
});
