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

t.test('picks the lines of the driver, without stack frames', async (t) => {
  t.strictSame(driverLines(log, names), log.slice(1, 4));
});

t.test('prefers an error of probe to later lines', async (t) => {
  const line = explain(log, [], names);
  t.match(
    line,
    /^the driver logged 'virtio_vmmci: probe of virtio2 failed with error -12'; the kernel does not say/,
  );
});

t.test('shows a spinning CPU with the calling function of the module', async (t) => {
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

t.test('escapes control characters of the log and cuts long lines', async (t) => {
  const line = explain([`virtio_vmmci: \x1b[31m${'x'.repeat(500)}`], [], names);
  t.match(line, /\\x1b\[31mx+…'/);
  t.ok(line.length < 220);
});
