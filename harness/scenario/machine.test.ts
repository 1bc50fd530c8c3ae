import t from 'tap';
import { argv } from '../qemu/argv.js';
import { machineOf, siblingsOf } from './machine.js';

const environment = {
  accelerator: { name: 'tcg', reason: '' },
  kernel: { bootImage: '/k/bzImage' },
  initramfs: '/k/initramfs',
} as unknown as Parameters<typeof machineOf>[0];

const parameters = (options?: Parameters<typeof machineOf>[2]): string[] => [
  ...(machineOf(environment, [], options).parameters ?? []),
];

t.test('without options: QEMU’s PC, one CPU, an I/O APIC', async (t) => {
  const machine = machineOf(environment, []);
  t.equal(machine.cpus, 1);
  t.equal(machine.siblings, undefined);
  t.notOk(parameters().includes('noapic'));
  t.strictSame(argv(machineOf(environment, [], { layout: 'qemu', interrupts: 'ioapic' })), argv(machine));
});

t.test('the PIC is the guest’s choice, by a kernel parameter', async (t) => {
  t.strictSame(parameters({ interrupts: 'pic' }), [...parameters(), 'noapic']);
});

t.test('the devices of vmd are those of the generation', async (t) => {
  t.equal(siblingsOf(undefined, '8.0'), undefined);
  t.equal(siblingsOf('qemu', '8.0'), undefined);
  t.match(siblingsOf('vmd', '8.0'), { order: ['network', 'disk'], virtio: 'modern', msix: true });
  t.match(siblingsOf('vmd', '7.9'), { order: ['network', 'disk'], virtio: 'modern', msix: false });
  t.match(siblingsOf('vmd', '7.7'), { order: ['network', 'disk'], virtio: 'legacy', msix: false });
  t.match(siblingsOf('vmd', '6.4'), { order: ['disk', 'network'], virtio: 'legacy', msix: false });
});
