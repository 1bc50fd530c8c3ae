import t from 'tap';
import { diskFailure } from './disk-failure.js';

const machine = { disks: [{ name: 'data', slot: 9, path: '/proc/data.img' }] };
const event = { device: '', 'node-name': 'data', operation: 'write', action: 'stop' };

t.test('reports the full file system if a disk cannot grow', async (t) => {
  const error = await diskFailure(machine, { ...event, nospace: true, reason: 'No space left on device' });
  t.match(error, { code: 'DISK_FULL', blame: 'broken', fields: { mount: '/proc', freeMB: 0 } });
  t.match(error.message, /^no space left on the file system \/proc \(0 MB free\): QEMU stopped the guest/);
});

t.test('blames the host for any other failed access, too', async (t) => {
  const error = await diskFailure(machine, { ...event, nospace: false, reason: 'Input/output error' });
  t.match(error, { code: 'QEMU_DISK', blame: 'broken' });
  t.match(error.message, /could not write the guest's disk data \(Input\/output error\): \/proc\/data\.img/);
});
