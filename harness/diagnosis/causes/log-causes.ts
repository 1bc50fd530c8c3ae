// Causes that the guest's kernel names in its log.

import type { Cause, Facts } from './facts.js';

/** Lines of the kernel log and of the reasons, which quote the log of a guest that went down. */
const matching = ({ dmesg, reasons }: Facts, pattern: RegExp): string[] =>
  [...dmesg, ...reasons.flatMap((reason) => reason.split('\n'))]
    .filter((line) => pattern.test(line))
    .slice(0, 3);

export const inLog = (
  pattern: RegExp,
  cause: Pick<Cause, 'sentence' | 'change' | 'hosts' | 'explains'>,
): Cause => ({
  ...cause,
  find: (facts) => matching(facts, pattern),
});

export const logCauses = {
  'sleeps-in-interrupt': inLog(/sleeping function called from invalid context|scheduling while atomic/, {
    sentence: 'The driver sleeps where it must not: in an interrupt handler or under a spinlock.',
    change: 'Use mdelay-free code there, GFP_ATOMIC, and work queues for what waits.',
  }),
  'interrupts-nobody-claims': inLog(/irq \d+: nobody cared/, {
    sentence: 'Interrupts of the function are returned as not handled until Linux turns the line off.',
    change: 'Return IRQ_HANDLED when the ISR that was read has a bit set, and read it in each call.',
  }),
  'interrupt-not-freed': inLog(
    /Trying to free already-free IRQ|remove_proc_entry: removing non-empty directory 'irq/,
    {
      sentence: 'The interrupt handler is not freed exactly once.',
      change: 'Call free_irq() once, in remove and on each error path of probe after request_irq().',
    },
  ),
  'range-not-released': inLog(/Trying to free nonexistent resource|can't reserve \[io/, {
    sentence: 'The I/O range of BAR0 is not released exactly once.',
    change:
      'Call pci_release_region() once, in remove and on each error path of probe after it was requested.',
  }),
  'work-outlives-driver': inLog(
    /ODEBUG: (?:free|init) active|BUG: unable to handle page fault.*work|activate_work|__run_timers/,
    {
      sentence: 'A timer or work is still queued when what it works on is freed.',
      change: 'Cancel it with cancel_delayed_work_sync() or timer_delete_sync() before remove returns.',
    },
  ),
  'memory-used-after-free': inLog(
    /KASAN: (?:slab-)?use-after-free|refcount_t: underflow; use-after-free|Poison overwritten/,
    {
      sentence: 'Memory is used or released again after it was freed.',
      change: 'Free the device structure in its release callback only.',
    },
  ),
  'memory-freed-twice': inLog(/kernel BUG at mm\/slub|double-free|Object already free/, {
    sentence: 'Memory is freed twice.',
    change: 'Free the device structure in its release callback only, not in remove as well.',
  }),
  'attributes-left-behind': inLog(/sysfs: cannot create duplicate filename|sysctl duplicate entry/, {
    sentence: 'Attributes of the driver are still there when it is bound again.',
    change: 'Use dev_groups, or remove in remove what probe has created.',
  }),
  'symbol-missing': inLog(/Unknown symbol \S+/, {
    sentence: 'A module needs a symbol that this kernel does not export to it.',
    change: 'Load the module that exports it first, or do without it: the line names the symbol.',
  }),
  'built-for-another-kernel': inLog(/version magic '.*' should be|disagrees about version of symbol/, {
    sentence: 'The module was built for another kernel.',
    change: 'Build it against the headers of the kernel that loads it.',
  }),
  'lock-order': inLog(
    /possible (?:circular|recursive) locking|inconsistent lock state|possible irq lock inversion/,
    {
      sentence: 'Locks are taken in an order, or in a context, that can end in a deadlock.',
      change: 'Take the lock with interrupts off wherever the handler takes it too, and in one order.',
    },
  ),
  'guest-stalls': inLog(/rcu.*detected stalls|soft lockup|hard LOCKUP|blocked for more than \d+ seconds/, {
    sentence:
      'A processor of the guest makes no progress: code of the driver loops or waits with interrupts off.',
    change: 'Look at the stack below the line: the innermost function of the driver is the one that waits.',
  }),
} as const satisfies Readonly<Record<string, Cause>>;
