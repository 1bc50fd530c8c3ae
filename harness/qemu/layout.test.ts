import t from 'tap';
import { rootBus, type Siblings, siblingArguments, siblingSlot, virtioProperties } from './layout.js';

const modern: Siblings = { order: ['network', 'disk'], virtio: 'modern', msix: true };
const legacy: Siblings = { order: ['disk', 'network'], virtio: 'legacy', msix: false };

const addresses = (siblings: Siblings): unknown[] =>
  siblingArguments(siblings).flatMap((text, index, all) =>
    all[index - 1] === '-device' ? [JSON.parse(text)].map(({ driver, addr }) => `${addr} ${driver}`) : [],
  );

t.test('entropy first, CD-ROM last, and the disk where nothing else is', async (t) => {
  t.strictSame(addresses(modern), [
    '01.0 virtio-rng-pci',
    '02.0 virtio-net-pci',
    '04.0 virtio-scsi-pci',
    'undefined scsi-cd',
  ]);
  t.equal(siblingSlot(modern, 'disk'), 3);
  t.strictSame(addresses(legacy), [
    '01.0 virtio-rng-pci',
    '03.0 virtio-net-pci',
    '04.0 virtio-scsi-pci',
    'undefined scsi-cd',
  ]);
  t.equal(siblingSlot(legacy, 'disk'), 2);
});

t.test('one kind of virtio alone, never both', async (t) => {
  t.strictSame(virtioProperties(modern), { 'disable-legacy': 'on', 'disable-modern': false });
  t.strictSame(virtioProperties(legacy), { 'disable-legacy': 'off', 'disable-modern': true, vectors: 0 });
});

t.test('each machine has its own root bus', async (t) => {
  t.equal(rootBus(undefined), 'pci.0');
  t.equal(rootBus(modern), 'pcie.0');
});
