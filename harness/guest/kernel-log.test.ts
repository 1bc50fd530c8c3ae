import t from 'tap';
import { assertHealthy, readKernelLog, withoutJudged } from './kernel-log.js';
import type { CommandResult, Programs } from './shell.js';
import { findSplats, splatTitles } from './splats.js';

/** A sample line of each kind, written for this test. */
const samples: readonly (readonly [kind: string, line: string])[] = [
  ['oops', 'BUG: kernel NULL pointer dereference, address: 0000000000000008'],
  ['oops', 'Oops: 0000 [#1] PREEMPT SMP NOPTI'],
  [
    'oops',
    'Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1]',
  ],
  ['oops', 'BUG: unable to handle page fault for address: ffffc90000001000'],
  ['BUG', 'kernel BUG at drivers/virtio/virtio_vmmci.c:42!'],
  ['BUG', 'BUG: spinlock bad magic on CPU#0, kworker/0:1/9'],
  ['BUG', 'BUG kmalloc-64 (Tainted: G    B      O      ): Right Redzone overwritten'],
  ['atomic', 'BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585'],
  ['atomic', 'BUG: scheduling while atomic: insmod/131/0x00000002'],
  ['WARNING', 'WARNING: CPU: 0 PID: 131 at kernel/irq/manage.c:2004 free_irq+0x1f0/0x340'],
  ['WARNING', 'WARNING: drivers/virtio/virtio.c:298 at virtio_dev_probe+0x10/0x20, CPU#0: insmod/131'],
  ['lockdep', 'WARNING: possible circular locking dependency detected'],
  ['lockdep', 'WARNING: possible recursive locking detected'],
  ['lockdep', 'WARNING: inconsistent lock state'],
  ['lockdep', '[ BUG: Invalid wait context ]'],
  ['lockdep', 'BUG: workqueue leaked atomic, lock or RCU: kworker/0:1[9]'],
  [
    'debug objects',
    'ODEBUG: free active (active state 0) object: ffff888001 object type: timer_list hint: vmmci_tick',
  ],
  ['leak', 'kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)'],
  ['lockdep', 'WARNING: suspicious RCU usage'],
  ['lockdep', 'INFO: trying to register non-static key.'],
  ['hung task', 'INFO: task cat:140 blocked for more than 30 seconds.'],
  ['RCU stall', 'rcu: INFO: rcu_preempt self-detected stall on CPU'],
  ['RCU stall', 'rcu: INFO: rcu_sched detected stalls on CPUs/tasks:'],
  ['soft lockup', 'watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [insmod:131]'],
  ['KASAN', 'BUG: KASAN: slab-use-after-free in vmmci_work+0x44/0x90 [virtio_vmmci]'],
  ['KFENCE', 'BUG: KFENCE: use-after-free read in vmmci_work+0x44/0x90'],
  ['UBSAN', 'UBSAN: shift-out-of-bounds in drivers/virtio/virtio_vmmci.c:10:20'],
  ['refcount', 'refcount_t: underflow; use-after-free.'],
  ['list corruption', 'list_del corruption. prev->next should be ffff888, but was 0'],
  ['interrupt', 'irq 10: nobody cared (try booting with the "irqpoll" option)'],
  ['interrupt', 'genirq: Flags mismatch irq 10. 00000000 (vmmci) vs. 00000080 (other)'],
  ['duplicate', "sysfs: cannot create duplicate filename '/bus/pci/drivers/virtio_pci_obsd'"],
  ['duplicate', 'kobject: kobject_add_internal failed for virtio2 (error: -2 parent: 0000:00:05.0)'],
  ['duplicate', "debugfs: Directory 'virtio2' with parent '/' already present!"],
  ['memory', 'Out of memory: Killed process 140 (cat) total-vm:4096kB'],
  ['panic', 'Kernel panic - not syncing: Fatal exception in interrupt'],
  ['stack trace', 'Call Trace:'],
];

/** Lines of a healthy boot and driver. */
const healthy = [
  'Linux version 6.12.117+deb13-cloud-amd64 (debian-kernel@lists.debian.org)',
  'Spectre V2 : Mitigation: Retpolines',
  'MMIO Stale Data: Vulnerable: Clear CPU buffers attempted, no microcode',
  'rcu: \tRCU restricting CPUs from NR_CPUS=8192 to nr_cpu_ids=1.',
  'rcu: Hierarchical SRCU implementation.',
  'NET: Registered PF_UNIX/PF_LOCAL protocol family',
  'printk: legacy console [ttyS0] enabled',
  'ACPI: bus type PCI registered',
  'debug: unmapping init memory [mem 0xffffffff00000000-0xffffffff0009ffff]',
  'virtio_vmmci: loading out-of-tree module taints kernel.',
  'virtio_vmmci: module verification failed: signature and/or required key missing - tainting kernel',
  'clocksource: Switched to clocksource tsc',
  "clocksource: timekeeping watchdog on CPU0: Marking clocksource 'tsc-early' as unstable because the skew is too large:",
  'NMI watchdog: Perf NMI watchdog permanently disabled',
  'hrtimer: interrupt took 12345678 ns',
  'random: crng init done',
  "debugfs: Directory '0x(____ptrval____)' with parent 'ptp0' already present!",
  // In failing-allocations.
  'kobject: kobject_add_internal failed for virtio2 (error: -12 parent: 0000:00:05.0)',
];

const stamped = (lines: readonly string[]): string[] =>
  lines.map((line, index) => `[    ${(index / 10).toFixed(6)}] ${line}`);

t.test('recognizes each kind by its line', async (t) => {
  for (const [kind, line] of samples) {
    const found = findSplats(stamped([...healthy, line, ...healthy]));
    t.strictSame(
      found.map((splat) => splat.kind),
      [kind],
      line,
    );
    t.match(found[0]?.line, line);
  }
});

t.test('finds nothing in a healthy log', async (t) => {
  t.strictSame(findSplats(stamped(healthy)), []);
});

t.test('reports a splat once, with the lines before it and its trace', async (t) => {
  const trace = [
    'virtio_vmmci: about to go wrong',
    'WARNING: CPU: 0 PID: 131 at drivers/virtio/virtio_vmmci.c:42 vmmci_work+0x1/0x2',
    'Modules linked in: virtio_vmmci(OE)',
    'RIP: 0010:vmmci_work+0x1/0x2',
    'Call Trace:',
    ' <TASK>',
    ' process_one_work+0x1/0x2',
    ' </TASK>',
    '---[ end trace 0000000000000000 ]---',
    'virtio_vmmci: carried on',
  ];
  const [splat, ...more] = findSplats(stamped([...healthy, ...trace]));
  t.equal(more.length, 0);
  t.match(splat?.context[1], 'about to go wrong');
  t.match(splat?.context.at(-1), 'end trace');
});

t.test(
  'reports two splats of a kind, and a splat inside a trace only if it is of another kind',
  async (t) => {
    const warning = 'WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2';
    const end = '---[ end trace 0000000000000000 ]---';
    const twice = [
      warning,
      'Modules linked in:',
      'Call Trace:',
      end,
      warning,
      'Modules linked in:',
      'Call Trace:',
      end,
    ];
    t.equal(findSplats(twice).length, 2);
    const mixed = [warning, 'Modules linked in:', 'Oops: 0000 [#1] SMP', 'Call Trace:', end];
    t.strictSame(
      findSplats(mixed).map(({ kind }) => kind),
      ['WARNING', 'oops'],
    );
  },
);

const shellOf = (result: Partial<CommandResult>): Programs => ({
  execute: async () => ({ status: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0), ...result }),
  output: async () => '',
});

t.test('parses the log of a guest, with its taint flags', async (t) => {
  const stdout = Buffer.from(
    `4608\n${stamped([...healthy, 'UBSAN: array-index-out-of-bounds in x.c']).join('\n')}\n`,
  );
  const log = await readKernelLog(shellOf({ stdout }), 'powerOn');
  t.equal(log.lines.length, healthy.length + 1);
  t.strictSame(
    log.splats.map(({ kind }) => kind),
    ['UBSAN'],
  );
  t.strictSame(
    log.taint.map(({ letter }) => letter),
    ['W'],
  );
});

t.test('rejects a log that cannot be read or has lost its beginning', async (t) => {
  const cases: Record<string, Partial<CommandResult>> = {
    'dmesg fails': { status: 1, stderr: Buffer.from('dmesg: klogctl: Operation not permitted') },
    'dmesg ends early': { status: 1, stdout: Buffer.from('0\n[ 9.0] vmmci-guest: up, 6.12\n') },
    'no output': {},
    'no taint': { stdout: Buffer.from(stamped(healthy).join('\n')) },
    'the mark was overwritten': { stdout: Buffer.from('0\n') },
    'other lines instead of the mark': { stdout: Buffer.from('0\n[ 9.0] something else\n') },
  };
  for (const [name, result] of Object.entries(cases)) {
    await t.rejects(readKernelLog(shellOf(result), 'up'), { code: 'KERNEL_LOG', blame: 'broken' }, name);
  }
});

t.test('counts repeated reports under one title', async (t) => {
  const lines = [
    '[   12.345678] BUG: KASAN: slab-use-after-free in vmmci_poll+0x1c/0x90 [virtio_vmmci]',
    ...Array.from({ length: 50 }, () => 'fine'),
    '[   13.345678] WARNING: CPU: 0 PID: 131 at kernel/irq/manage.c:2004 free_irq+0x1f0/0x340',
    ...Array.from({ length: 50 }, () => 'fine'),
    '[   14.345678] WARNING: CPU: 1 PID: 7 at kernel/irq/manage.c:2004 free_irq+0x1f0/0x340',
    ...Array.from({ length: 50 }, () => 'fine'),
    '[   15.345678] BUG: KASAN: slab-use-after-free in vmmci_poll+0x1c/0x90 [virtio_vmmci]',
  ];
  const splats = findSplats(lines);
  t.strictSame(
    splatTitles(splats).map(({ count }) => count),
    [2, 2],
  );
  t.throws(() => assertHealthy({ splats, taint: [] }), {
    message: /KASAN[\s\S]*also, 2×: WARNING: CPU PID at kernel\/irq\/manage\.c:2004/,
  });
});

t.test('assertHealthy accepts only a healthy log', async (t) => {
  assertHealthy({ splats: [], taint: [] });
  t.throws(() => assertHealthy({ splats: findSplats(['kernel BUG at x.c:1!']), taint: [] }), {
    code: 'KERNEL_SPLAT',
    blame: 'failed',
    message: /\(BUG\): kernel BUG at x\.c/,
  });
  const warning = 'WARNING: drivers/virtio/virtio.c:378 at virtio_dev_remove+0x8c/0x90, CPU#0: agent/109';
  t.throws(() => assertHealthy({ splats: findSplats([`[    1.5] ${warning}`]), taint: [] }), {
    message:
      /^the guest kernel reported an error \(WARNING\): drivers\/virtio\/virtio\.c:378 at virtio_dev_remove/,
  });
  t.throws(() => assertHealthy({ splats: [], taint: [{ bit: 7, letter: 'D', meaning: 'kernel died' }] }), {
    code: 'KERNEL_SPLAT',
    message: /\(tainted\): D: kernel died/,
  });
});

t.test('a report that a check has judged does not count again', async (t) => {
  const lines = [
    '[    1.5] WARNING: drivers/virtio/virtio.c:378 at virtio_dev_remove+0x8c/0x90, CPU#0: agent/109',
    '[    1.5] Modules linked in: virtio_vmmci',
    '[    1.5] Call Trace:',
    '[    1.6] ---[ end trace 0000000000000000 ]---',
    '[    2.5] WARNING: kernel/irq/manage.c:2004 at free_irq+0x8c/0x90, CPU#0: agent/109',
  ];
  const [first = ''] = lines;
  const taint = ['D', 'W'].map((letter, bit) => ({ bit, letter, meaning: 'of the test' }));
  const log = { lines, splats: findSplats(lines), taint };
  t.equal(withoutJudged(log, new Set()), log);
  const { splats, taint: left } = withoutJudged(log, new Set([first]));
  t.strictSame(
    splats.map(({ line }) => line),
    lines.slice(4),
  );
  t.strictSame(
    left.map(({ letter }) => letter),
    ['D'],
  );
});

t.test('the first line of the error names the report and the function of the driver', async (t) => {
  const first = (lines: string[]): string => {
    try {
      assertHealthy({ splats: findSplats(lines), taint: [] });
    } catch (error) {
      return String((error as Error).message).split('\n')[0] ?? '';
    }
    return '';
  };
  t.equal(
    first([
      '[  1.000000] INFO: trying to register non-static key.',
      '[  1.000001] Call Trace:',
      '[  1.000002]  lock_acquire+0x15f/0x3c0',
      '[  1.000003]  ? vmmci_old+0x9a/0x3a0 [virtio_vmmci]',
      '[  1.000004]  vmmci_sample_clock+0x9a/0x3a0 [virtio_vmmci]',
      '[  1.000005]  host_time_show+0x7c/0xc0 [virtio_vmmci]',
    ]),
    'the guest kernel reported an error (lockdep): INFO: trying to register non-static key, in vmmci_sample_clock [virtio_vmmci]',
  );
  t.match(
    first([
      'WARNING: possible circular locking dependency detected',
      'cat/77 is trying to acquire lock:',
      'ffff88800 (&vm->clock_lock){....}-{2:2}, at: commands_show+0x7e/0x180 [virtio_vmmci]',
    ]),
    /possible circular locking dependency detected, in commands_show \[virtio_vmmci\]$/,
  );
  t.match(
    first(['BUG: KASAN: slab-use-after-free in vmmci_poll+0x1c/0x90 [virtio_vmmci]', 'Call Trace:']),
    /\(KASAN\): BUG: KASAN: slab-use-after-free in vmmci_poll\+0x1c\/0x90 \[virtio_vmmci\]$/,
  );
  t.match(first(['irq 10: nobody cared (try booting)']), /: irq 10: nobody cared \(try booting\)$/);
});
