import t from 'tap';
import { argv } from '../qemu/argv.js';
import type { GenerationName } from '../vmmci/generations.js';
import { machineOf, siblingsOf } from './machine.js';

const environment = {
  accelerator: { name: 'tcg', reason: '' },
  kernel: { bootImage: '/k/bzImage' },
  initramfs: '/k/initramfs',
  slowness: 1,
  choice: {},
} as unknown as Parameters<typeof machineOf>[0];

const parameters = (options?: Parameters<typeof machineOf>[2]): string[] => [
  ...(machineOf(environment, [], options).parameters ?? []),
];

t.test('defaults to QEMU’s PC with one CPU and an I/O APIC', async (t) => {
  const machine = machineOf(environment, []);
  t.equal(machine.cpus, 1);
  t.equal(machine.siblings, undefined);
  t.notOk(parameters().includes('noapic'));
  t.strictSame(argv(machineOf(environment, [], { layout: 'qemu', interrupts: 'ioapic' })), argv(machine));
});

t.test('makes the guest use the PIC by a kernel parameter', async (t) => {
  t.strictSame(parameters({ interrupts: 'pic' }), [...parameters(), 'noapic']);
});

t.test('has vmd’s devices of the generation', async (t) => {
  t.equal(siblingsOf({}, '8.0'), undefined);
  t.equal(siblingsOf({ layout: 'qemu' }, '8.0'), undefined);
  const order = (name: GenerationName) =>
    siblingsOf({ layout: 'vmd' }, name)?.devices.map(({ device, slot }) => `${slot} ${device}`);
  t.strictSame(order('8.0'), ['1 entropy', '2 network', '3 disk', '4 cdrom']);
  t.strictSame(order('6.4'), ['1 entropy', '2 disk', '3 network', '4 cdrom']);
  t.match(siblingsOf({ layout: 'vmd' }, '8.0'), { virtio: 'modern', msix: true, functionSlot: 5 });
  t.match(siblingsOf({ layout: 'vmd' }, '7.9'), { virtio: 'modern', msix: false });
  t.match(siblingsOf({ layout: 'vmd' }, '7.7'), { virtio: 'legacy', msix: false });
});

t.test('puts the function after all devices of the vm.conf', async (t) => {
  const slot = (networks: number, disks: number, cdrom: boolean) =>
    siblingsOf({ layout: 'vmd', devices: { networks, disks, cdrom } }, '8.0')?.functionSlot;
  t.equal(slot(1, 1, false), 4, 'an ordinary VM');
  t.equal(slot(0, 1, false), 3);
  t.equal(slot(4, 4, false), 10);
  t.throws(() => slot(4, 4, true), /vmd has 10 slots/);
});

t.test('raises the watchdog timeouts of a slow kernel up to the limits of the kernel', async (t) => {
  const watchdogs = (slowness: number) =>
    (machineOf({ ...environment, slowness }, []).parameters ?? []).filter((each) =>
      /thresh|stall/.test(each),
    );
  t.strictSame(watchdogs(1), []);
  t.strictSame(watchdogs(2), [
    'watchdog_thresh=20',
    'rcupdate.rcu_cpu_stall_timeout=42',
    'workqueue.watchdog_thresh=60',
  ]);
  t.strictSame(watchdogs(100).slice(0, 2), ['watchdog_thresh=60', 'rcupdate.rcu_cpu_stall_timeout=300']);
});

t.test('turns on memory checks only for ordinary kernels', async (t) => {
  const poisons = (slowness: number) =>
    (machineOf({ ...environment, slowness }, []).parameters ?? []).filter((each) => /slub/.test(each));
  t.strictSame(poisons(1), ['slub_debug=FZPU,kmalloc-*']);
  t.strictSame(poisons(2), []);
});

t.test('keeps the TSC as the clocksource of a guest with two CPUs', async (t) => {
  t.strictSame(parameters({ cpus: 2 }), [...parameters(), 'tsc=reliable']);
});
