import t from 'tap';
import { driverLines, explain } from './explain-hang.js';

const names = {
  modules: ['virtio_pci_obsd', 'virtio_vmmci'],
  pciDriver: 'virtio-pci-obsd',
  virtioDriver: 'virtio_vmmci',
};

const log = [
  '[    0.1] Linux version 6.12',
  '[    3.4] virtio_vmmci virtio2: features TIMESYNC',
  '[    3.5] virtio_vmmci: probe of virtio2 failed with error -12',
  '[    3.6] virtio-pci-obsd 0000:00:05.0: removed',
  '[    9.9]  vmmci_look+0x30/0x90 [virtio_vmmci]',
];

t.test('lines of the driver, without frames of a stack', async (t) => {
  t.strictSame(driverLines(log, names), log.slice(1, 4));
});

t.test('an error of probe comes before anything that was logged later', async (t) => {
  const line = explain(log, [], names);
  t.match(
    line,
    /^the driver logged 'virtio_vmmci: probe of virtio2 failed with error -12'; the kernel does not say/,
  );
});

t.test('a CPU that spins is shown with the function of the module that called', async (t) => {
  const asked = [
    'CPU: 0 UID: 0 PID: 91 Comm: sh Tainted: G OE',
    'RIP: 0010:native_queued_spin_lock_slowpath+0x6e/0x2c0',
    ' vmmci_look+0x30/0x90 [virtio_vmmci]',
    'NMI backtrace for cpu 1 skipped: idling at default_idle+0xb/0x10',
  ];
  t.equal(
    explain([], asked, names),
    'CPU 0 in native_queued_spin_lock_slowpath, called by vmmci_look [virtio_vmmci]; CPU 1 idle; the driver has logged nothing',
  );
});

t.test('control characters of the log are escaped, and a long line is cut', async (t) => {
  const line = explain([`virtio_vmmci: \x1b[31m${'x'.repeat(500)}`], [], names);
  t.match(line, /\\x1b\[31mx+…'/);
  t.ok(line.length < 220);
});
