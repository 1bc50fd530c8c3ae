import t from 'tap';
import { findCauses } from './find-causes.js';

const found = (...dmesg: string[]): string[] =>
  findCauses({ trace: [], dmesg, reasons: [] }).map(({ id }) => id);

const oops = (rip: string, ...calls: string[]): string[] => [
  '[   14.112274] BUG: kernel NULL pointer dereference, address: 0000000000000000',
  `[   14.170383] RIP: 0010:${rip}`,
  '[   14.239565] Call Trace:',
  '[   14.240437]  <TASK>',
  ...calls.map((call) => `[   14.247452]  ${call}`),
  '[   14.315792]  </TASK>',
];

t.test('tells a crash while a driver is registered from one in a call of the driver', async (t) => {
  const registers = [
    '__driver_attach+0x25/0x1d0',
    'driver_register+0x72/0xd0',
    '? __pfx_vmmci_driver_init+0x10/0x10 [virtio_vmmci]',
    'do_one_initcall+0x5b/0x310',
  ];
  t.same(found(...oops('virtio_dev_match+0x10/0x70', ...registers)), ['driver-structure-incomplete']);
  t.same(found(...oops('_raw_spin_lock+0x27/0x50', 'obsd_probe+0x1/0x2 [virtio_pci_obsd]', ...registers)), [
    'crash-below-driver',
  ]);
  const appears = ['__device_attach_driver+0x2f/0x150', 'bus_for_each_drv+0x8b/0xe0'];
  t.same(found(...oops('virtio_dev_match+0x10/0x70', ...appears)), ['driver-structure-incomplete']);
  t.same(found(...oops('virtio_dev_match+0x10/0x70', 'kthread+0x1/0x2')), []);
});

t.test('a probe that fails does not forget DRIVER_OK', async (t) => {
  const write = (seq: number, value: number) =>
    ({ seq, at: seq, kind: 'bar-write', offset: 18, width: 1, value }) as const;
  const trace = [write(0, 3), write(1, 0x83)];
  for (const reason of [
    'no driver of the second function within 10 s',
    "no 'sample' in the trace, 3 times within 10 s; CPU 0 idle",
    'in the guest, `(set -e; echo virtio2 >bind)` exited with status 1: sh: write error: No such device',
  ]) {
    const names = (dmesg: string[]) => findCauses({ trace, dmesg, reasons: [reason] }).map(({ id }) => id);
    const line = 'virtio_vmmci virtio2: probe with driver virtio_vmmci failed with error -12';
    t.same(names([line]), ['probe-fails'], reason);
    t.same(names([]), [], reason);
  }
});

t.test('a notifier that was not unregistered', async (t) => {
  const calls = ['blocking_notifier_chain_register+0x2e/0x50', 'vmmci_probe+0x19a/0x210 [virtio_vmmci]'];
  t.same(found(...oops('notifier_chain_register+0xf/0xb0', ...calls)), ['notifier-left-behind']);
  t.same(found(...oops('notifier_call_chain+0x2a/0x100', 'kernel_restart+0x1/0x2')), [
    'notifier-left-behind',
  ]);
  const again = 'WARNING: CPU: 0 PID: 150 at kernel/notifier.c:31 notifier_chain_register+0x3e/0xb0';
  t.same(found('notifier callback vmmci_pm [virtio_vmmci] already registered', again), [
    'notifier-left-behind',
  ]);
});

t.test('an operation that is missing is one cause, also while the driver is registered', async (t) => {
  t.same(found(...oops('0x0', '__driver_attach+0xbc/0x1d0')), ['callback-missing']);
});

t.test('finds a command of the device that the driver does not know', async (t) => {
  t.same(found('virtio_vmmci virtio3: unknown command 0x3 from the host'), ['known-command-unknown']);
  t.same(found('virtio_vmmci virtio3: unknown command 0x7 from the host'), []);
  t.same(found('virtio_vmmci virtio3: unknown command 0x80000002 from the host'), []);
});

t.test('a feature that the driver uses without asking for it', async (t) => {
  const stack = (at: string): string[] => ['kernel BUG at drivers/virtio/virtio.c:118!', `RIP: 0010:${at}`];
  const at = 'virtio_check_driver_offered_feature+0x38/0x40';
  t.same(found(...stack(at)), ['feature-not-in-table']);
  t.same(found(...stack(`${at} [virtio]`)), ['feature-not-in-table']);
  t.same(found(`RIP: 0010:${at}`), [], 'no crash');
});

t.test('an interrupt line that only one of its drivers keeps on in a sleep', async (t) => {
  const line = 'WARNING: CPU: 0 PID: 150 at kernel/irq/pm.c:48 irq_pm_install_action+0x5c/0x80';
  t.same(found(line), ['interrupt-on-in-sleep']);
});

t.test('a name that two devices share, or that one has left behind', async (t) => {
  const line = "debugfs: Directory 'vmmci' with parent '/' already present!";
  const names = (...commands: string[]) => {
    const shell = commands.map(
      (command, at) => ({ seq: at, at, kind: 'shell', command, status: 0 }) as const,
    );
    const seen = { seq: 9, at: 9, kind: 'console', line: `[    1.000000] ${line}` } as const;
    return findCauses({ trace: [...shell, seen], dmesg: [line], reasons: [] }).map(({ id }) => id);
  };
  t.same(names('load a b', 'echo 1 >/sys/bus/pci/rescan'), ['name-shared-by-devices']);
  t.same(names('load a b', 'unload b a', 'load a b'), ['attributes-left-behind']);
  const status = (at: number, value: number) => ({ seq: at, at, kind: 'status', value }) as const;
  const seen = { seq: 9, at: 9, kind: 'console', line: `[    1.000000] ${line}` } as const;
  const features = { seq: 2, at: 2, kind: 'bar-write', offset: 4, width: 4, value: 7 } as const;
  const inScript = [status(1, 0), features, status(3, 7), status(4, 0), status(5, 3), seen];
  t.same(
    findCauses({ trace: inScript, dmesg: [line], reasons: [] }).map(({ id }) => id),
    ['attributes-left-behind'],
  );
  const ofKernel = "debugfs: Directory '0x(____ptrval____)' with parent 'ptp0' already present!";
  t.same(findCauses({ trace: [], dmesg: [ofKernel], reasons: [] }), []);
  t.same(names('load a b', 'echo x >/sys/bus/virtio/drivers/b/unbind'), ['attributes-left-behind']);
});

t.test('a call of a function whose address is in freed memory', async (t) => {
  const crash = 'Oops: general protection fault: 0000 [#1] PREEMPT SMP NOPTI';
  t.same(found(crash, 'RIP: 0010:0x6b6b6b6b6b6b6b6b', 'Call Trace:'), ['memory-used-after-free']);
  t.same(found(crash, 'EIP: 0x6b6b6b6b', 'Call Trace:'), ['memory-used-after-free']);
});

t.test('finds what the kernel says of interrupts and references', async (t) => {
  const enables = 'irq 10 handler obsd_interrupt+0x0/0x50 [virtio_pci_obsd] enabled interrupts';
  t.same(found(enables), ['handler-enables-interrupts']);
  t.same(found('Unbalanced enable for IRQ 10'), ['line-enabled-too-often']);
  const kobject =
    "kobject: '(null)' (ffff8f34434a7010): is not initialized, yet kobject_put() is being called.";
  t.same(found(kobject, 'refcount_t: underflow; use-after-free.'), ['object-never-initialized']);
});

t.test('interrupts that are on, or off, where they must not be', async (t) => {
  const warning = (at: string, ...calls: string[]): string[] => [
    `[    4.115072] WARNING: CPU: 0 PID: 0 at kernel/${at}`,
    '[    4.139018] Call Trace:',
    '[    4.139209]  <IRQ>',
    ...calls.map((call) => `[    4.157913]  ${call}`),
  ];
  const handler = ['vmmci_handle_command+0xdc/0x107 [virtio_vmmci]', '__handle_irq_event_percpu+0x4a/0x190'];
  const enabled = 'irq 10 handler obsd_interrupt+0x0/0x50 [virtio_pci_obsd] enabled interrupts';
  t.same(found(enabled, ...warning('irq/handle.c:161 __handle_irq_event_percpu+0x180/0x190')), [
    'handler-enables-interrupts',
  ]);
  const softirq = 'softirq.c:386 __local_bh_enable_ip+0x4c/0x70';
  t.same(found(...warning(softirq, ...handler)), ['bottom-halves-with-interrupts-off']);
  t.same(found(...warning(softirq, 'tcp_v4_rcv+0x1/0x2')), []);
  const set = [
    'clock_was_set+0x1aa/0x240',
    'do_settimeofday64+0x172/0x1f0',
    'vmmci_sync+0xbc/0xd0 [virtio_vmmci]',
  ];
  const many = 'smp.c:815 smp_call_function_many_cond+0x46b/0x4c0';
  t.same(found(...warning(many, ...set)), ['clock-set-in-handler']);
  t.same(found(...warning(many, ...handler)), []);
});
