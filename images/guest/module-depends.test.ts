import t from 'tap';
import { dependsOf, outsideNeeds } from './module-depends.js';

const module = (...fields: string[]): Buffer =>
  Buffer.from(`\x7fELF depends=no\0${fields.join('\0')}\0name=x\0`, 'latin1');

t.test('the names in the field, and nothing that looks like it', async (t) => {
  t.strictSame(dependsOf(module('license=GPL', 'depends=ptp,pps_core')), ['ptp', 'pps_core']);
  t.strictSame(dependsOf(module('depends=')), []);
  t.strictSame(dependsOf(module('description=it depends=on')), []);
  t.strictSame(dependsOf(Buffer.alloc(0)), []);
});

t.test('what a set of modules needs from outside it', async (t) => {
  const file = (path: string, ...fields: string[]) =>
    ({ path, type: 'file', content: module(...fields) }) as const;
  const modules = [
    file('extra/virtio_pci-obsd.ko', 'depends=virtio'),
    file('extra/virtio_vmmci.ko', 'depends=ptp,virtio,virtio_pci_obsd'),
  ];
  t.strictSame(outsideNeeds(modules), ['ptp', 'virtio']);
  t.strictSame(outsideNeeds([]), []);
});
