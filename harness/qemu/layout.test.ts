import t from 'tap';
import {
  diskSlots,
  functionAddress,
  rootBus,
  type Siblings,
  siblingArguments,
  virtioProperties,
} from './layout.js';

const modern: Siblings = {
  devices: [
    { device: 'entropy', slot: 1 },
    { device: 'network', slot: 2 },
    { device: 'network', slot: 3 },
    { device: 'disk', slot: 4 },
    { device: 'disk', slot: 5 },
    { device: 'cdrom', slot: 6 },
  ],
  functionSlot: 7,
  virtio: 'modern',
  msix: true,
};
const legacy: Siblings = {
  devices: [{ device: 'entropy', slot: 1 }],
  functionSlot: 2,
  virtio: 'legacy',
  msix: false,
};

const addresses = (siblings: Siblings): unknown[] =>
  siblingArguments(siblings).flatMap((text, index, all) =>
    all[index - 1] === '-device'
      ? [JSON.parse(text)].map(({ driver, addr, id }) => `${addr} ${driver} ${id}`)
      : [],
  );

t.test('places each device in its slot and leaves out the disks', async (t) => {
  t.strictSame(addresses(modern), [
    '01.0 virtio-rng-pci entropy',
    '02.0 virtio-net-pci network',
    '03.0 virtio-net-pci network2',
    '06.0 virtio-scsi-pci cdrom',
    'undefined scsi-cd cd',
  ]);
  t.strictSame(diskSlots(modern), [4, 5]);
  t.equal(functionAddress(modern), '07.0');
});

t.test('a machine without disks has the payload in a slot that vmd does not use', async (t) => {
  t.strictSame(addresses(legacy), ['01.0 virtio-rng-pci entropy']);
  t.strictSame(diskSlots(legacy), [0x1e]);
  t.equal(functionAddress(), '05.0', "the function's address in QEMU's own layout");
});

t.test('a device speaks either legacy or modern virtio, never both', async (t) => {
  t.strictSame(virtioProperties(modern), { 'disable-legacy': 'on', 'disable-modern': false });
  t.strictSame(virtioProperties(legacy), { 'disable-legacy': 'off', 'disable-modern': true, vectors: 0 });
});

t.test('the root bus depends on the machine type', async (t) => {
  t.equal(rootBus(undefined), 'pci.0');
  t.equal(rootBus(modern), 'pcie.0');
});
