import t from 'tap';
import { functionAddress } from '../../harness/qemu/layout.js';
import { driverLog, warningsIn } from './driver-log.js';

const lines = [
  '<6>[    1.000000] virtio_vmmci virtio2: features TIMESYNC',
  '<4>[    2.000000] virtio-pci-obsd 0000:00:05.0: Driver probe function unexpectedly returned 1',
  '<12>[    3.000000] vmmci-guest: insmod failed',
  '<3>[    4.000000] other: error',
  '<4>[    5.000000] virtio_vmmci: loading out-of-tree module taints kernel.',
];
t.test('selects the lines that warn', async (t) => {
  t.strictSame(warningsIn(lines), [lines[1], lines[2], lines[3]]);
  t.strictSame(warningsIn(['no level']), []);
  const report = [
    '<4>[    6.000000] WARNING: CPU: 0 PID: 144 at virtio_vmmci.c:1 vmmci_remove+0x1/0x2 [virtio_vmmci]',
    '<4>[    6.000001] Modules linked in: virtio_vmmci(OE-) virtio_pci_obsd(OE)',
    '<3>[    6.000002] Allocated in obsd_probe+0x84/0x220 [virtio_pci_obsd] age=368 cpu=0 pid=144',
    '<4>[    6.000003]  obsd_probe+0x84/0x220 [virtio_pci_obsd]',
  ];
  t.strictSame(warningsIn(report), [], 'a report of the kernel is a failure of its own');
});

t.test('asks for the lines that name the driver, or have its prefix', async (t) => {
  const asked: (readonly string[])[] = [];
  const shell = {
    output: async (words: readonly string[]) => {
      asked.push(words);
      return 'one\ntwo';
    },
  };
  const names = { modules: ['pci', 'guest'], pciDriver: 'on-pci', virtioDriver: 'on-virtio' };
  t.same(await driverLog(shell, names), ['one', 'two']);
  await driverLog(shell, { ...names, logPrefix: 'vmm guest: ' });
  t.same(asked, [
    ['log-lines', 'pci', 'guest', 'on-pci', 'on-virtio', functionAddress()],
    ['log-lines', 'pci', 'guest', 'on-pci', 'on-virtio', functionAddress(), 'vmm guest: '],
  ]);
});
