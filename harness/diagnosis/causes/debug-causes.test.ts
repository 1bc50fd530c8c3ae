// Reports of kernels with debugging options, and the causes that they show.

import t from 'tap';
import { findCauses } from './find-causes.js';

const found = (...dmesg: string[]) => findCauses({ trace: [], dmesg, reasons: [] }).map(({ id }) => id);

const tick = ' vmmci_tick+0x2a/0x60 [virtio_vmmci]';

t.test('a timer that still runs shows in where the kernel crashes, not in a stack trace', async (t) => {
  const stack = ['Call Trace:', ' <IRQ>', tick, ' call_timer_fn+0x1/0x2', ' __run_timers+0x3/0x4', ' </IRQ>'];
  const sleeping = 'BUG: sleeping function called from invalid context at ./include/linux/sched/mm.h:337';
  t.same(found(sleeping, ...stack), ['sleeps-in-interrupt']);
  const crash = 'Oops: general protection fault, probably for non-canonical address 0xdead000000000122';
  for (const line of [
    'RIP: 0010:__run_timers.part.0+0x1d0/0x290',
    'BUG: KASAN: slab-use-after-free in __run_timers+0x4a/0x3b0',
    'ODEBUG: free active (active state 0) object: 1f object type: timer_list hint: vmmci_tick+0x0/0x60',
  ])
    t.same(found(crash, line, ...stack), ['work-outlives-driver'], line);
});

t.test('work that is initialized while it is queued', async (t) => {
  t.same(
    found(
      'ODEBUG: init active (active state 0) object: 1f object type: work_struct hint: vmmci_poll+0x0/0x60',
    ),
    ['work-initialized-while-queued'],
  );
});

t.test('a timer or work item that nobody has initialized', async (t) => {
  t.same(
    found('ODEBUG: assert_init not available (active state 0) object: 1f object type: timer_list hint: 0x0'),
    ['work-not-initialized'],
  );
});

t.test('a lock that is still held when a system call or a work item ends', async (t) => {
  t.same(found('WARNING: lock held when returning to user space!'), ['lock-not-released']);
  t.same(found('BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000001/9'), ['lock-not-released']);
  const leaked = 'BUG: workqueue leaked atomic, lock or RCU: kworker/u9:1[63]';
  const counts = (preempt: string, lock: string): string =>
    `     preempt=0x${preempt} lock=${lock} RCU=0->0 workfn=vmmci_poll [virtio_vmmci]`;
  t.same(found(leaked, counts('00000001', '0->1')), ['lock-not-released']);
  t.same(found(leaked, counts('00000000', '0->1')), ['lock-not-released'], 'a mutex');
  t.same(found(leaked, counts('7fffffff', '0->0')), ['lock-not-held']);
});

t.test('a lock that is released without being held', async (t) => {
  t.same(found('WARNING: bad unlock balance detected!'), ['lock-not-held']);
  t.same(found('BUG: spinlock already unlocked on CPU#0, cat/144'), ['lock-not-held']);
  t.same(found('BUG: workqueue leaked lock or atomic: kworker/0:1/0x7fffffff/9'), ['lock-not-held']);
  const stack = ['Call Trace:', ' <TASK>', tick, ' </TASK>'];
  t.same(found('BUG: scheduling while atomic: cat/144/0x7fffffff', ...stack), ['lock-not-held']);
  t.same(found('BUG: scheduling while atomic: cat/144/0x00000000', ...stack), ['lock-not-held']);
  t.same(found('BUG: scheduling while atomic: cat/144/0x00000002', ...stack), ['sleeps-in-interrupt']);
  const sleeping = 'BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585';
  t.same(found(sleeping, 'preempt_count: 7fffffff, expected: 0', ...stack), ['lock-not-held']);
  t.same(found(sleeping, 'preempt_count: 1, expected: 0', ...stack), ['sleeps-in-interrupt']);
});

t.test('locks that lockdep finds to be in danger of a deadlock', async (t) => {
  for (const line of [
    'WARNING: possible circular locking dependency detected',
    'WARNING: possible recursive locking detected',
    'WARNING: inconsistent lock state',
    'WARNING: possible irq lock inversion dependency detected',
    'WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected',
    'WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected',
  ])
    t.same(found(line), ['lock-order'], line);
});

t.test('a spinlock in a handler that runs in no thread', async (t) => {
  const report = (lock: string): string[] => [
    '[ BUG: Invalid wait context ]',
    '6.12.118-vmmci-debug #1 Tainted: G           O',
    '-----------------------------',
    'swapper/0/0 is trying to lock:',
    lock,
    'other info that might help us debug this:',
    'context-{2:2}',
  ];
  const taken = 'ffff888005381020 (&dev->config_lock){....}-{3:3}, at: virtio_config_changed+0x18/0x40';
  t.same(found(...report(taken)), ['spinlock-sleeps-with-rt']);
  t.same(
    found(...report('ffff888005381020 (&vm->lock){....}-{4:4}, at: vmmci_config_changed+0x18/0x40')),
    [],
  );
  const sleeping = 'BUG: sleeping function called from invalid context at kernel/locking/mutex.c:585';
  t.same(found(sleeping, ...report(taken)), ['sleeps-in-interrupt']);
});

t.test('kinds of wrong accesses that KASAN tells apart', async (t) => {
  const at = 'in vmmci_remove+0x1c/0x90 [virtio_vmmci]';
  t.same(found(`BUG: KASAN: slab-out-of-bounds ${at}`), ['memory-out-of-bounds']);
  t.same(found(`BUG: KASAN: use-after-free ${at}`), ['memory-used-after-free']);
  t.same(found(`BUG: KASAN: double-free ${at}`), ['memory-freed-twice']);
  t.same(found(`BUG: KASAN: double-free or invalid-free ${at}`), ['memory-freed-twice'], 'before 6.1');
  t.same(found(`BUG: KASAN: invalid-free ${at}`), ['pointer-freed-wrong']);
  const slub = 'BUG kmalloc-512 (Tainted: G           O): Invalid object pointer 0x00000000c1a2b3c4';
  t.same(found(slub), ['pointer-freed-wrong'], 'without KASAN');
  t.same(found(`BUG: KASAN: vmalloc-out-of-bounds ${at}`), ['memory-not-mapped']);
  t.same(found(`BUG: KASAN: wild-memory-access ${at}`), ['memory-not-mapped']);
});

t.test('a wrong pointer, as kernels with KASAN report it', async (t) => {
  const fault = [
    'Oops: general protection fault, probably for non-canonical address 0xdffffc0000000015: 0000 [#1] SMP KASAN',
    'KASAN: null-ptr-deref in range [0x00000000000000a8-0x00000000000000af]',
  ];
  const stack = ['Call Trace:', ' <TASK>', ' vmmci_sync+0x37/0x120 [virtio_vmmci]', ' </TASK>'];
  t.same(found(...fault, 'RIP: 0010:_raw_spin_lock_irqsave+0x27/0x50', ...stack), ['crash-below-driver']);
  t.same(found(...fault, 'RIP: 0010:vmmci_sync+0x37/0x120 [virtio_vmmci]', ...stack), ['crash-in-driver']);
});
