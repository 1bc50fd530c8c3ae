import t from 'tap';
import { externalDependencies, moduleDependencies, softDependencies } from './module-depends.js';

const module = (...fields: string[]): Buffer =>
  Buffer.from(`\x7fELF depends=no\0${fields.join('\0')}\0name=x\0`, 'latin1');

t.test('parses the depends field and nothing similar', async (t) => {
  t.strictSame(moduleDependencies(module('license=GPL', 'depends=ptp,pps_core')), ['ptp', 'pps_core']);
  t.strictSame(moduleDependencies(module('depends=')), []);
  t.strictSame(moduleDependencies(module('description=it depends=on')), []);
  t.strictSame(moduleDependencies(Buffer.alloc(0)), []);
});

t.test('parses soft dependencies that are loaded before the module', async (t) => {
  t.strictSame(softDependencies(module('softdep=pre: virtio_pci_obsd')), ['virtio_pci_obsd']);
  t.strictSame(softDependencies(module('softdep=pre: a b post: c', 'softdep=post: d pre: e')), [
    'a',
    'b',
    'e',
  ]);
  t.strictSame(softDependencies(module('softdep=post: c', 'depends=a')), []);
});

t.test('finds the external dependencies of a set of modules', async (t) => {
  const file = (path: string, ...fields: string[]) =>
    ({ path, type: 'file', content: module(...fields) }) as const;
  const modules = [
    file('extra/virtio_pci-obsd.ko', 'depends=virtio'),
    file('extra/virtio_vmmci.ko', 'depends=ptp,virtio,virtio_pci_obsd'),
  ];
  t.strictSame(externalDependencies(modules), ['ptp', 'virtio']);
  t.strictSame(externalDependencies([]), []);
});
