// Causes that the guest's kernel names in its log.

import type { Cause, Facts } from './facts.js';

/** Time stamps of the kernel, and of the console before them. */
const stamps = /^(?:\[ *\d+\.\d+\] ?)+/;

/**
 * Lines of the kernel log and of the reasons, which quote the log of a guest that went down; each text once,
 * since most are in both.
 */
const matching = ({ dmesg, reasons }: Facts, pattern: RegExp): string[] => {
  const lines = [...dmesg, ...reasons.flatMap((reason) => reason.split('\n'))];
  const found = lines.filter((line) => pattern.test(line)).map((line) => line.replace(stamps, ''));
  return [...new Set(found)].slice(0, 3);
};

export const inLog = (pattern: RegExp, cause: Pick<Cause, 'sentence' | 'change' | 'requirement'>): Cause => ({
  ...cause,
  find: (facts) => matching(facts, pattern),
});

export const logCauses = {
  'sleeps-in-interrupt': inLog(/sleeping function called from invalid context|scheduling while atomic/, {
    sentence: 'The driver sleeps where it must not: in an interrupt handler or under a spinlock.',
    change: 'Use mdelay-free code there, GFP_ATOMIC, and work queues for what waits.',
    requirement: 'acknowledges-in-time',
  }),
  'interrupts-nobody-claims': inLog(/irq \d+: nobody cared/, {
    sentence: 'Interrupts of the function are returned as not handled until Linux turns the line off.',
    change: 'Return IRQ_HANDLED when the ISR that was read has a bit set, and read it in each call.',
    requirement: 'claims-own-interrupts',
  }),
  'work-outlives-driver': inLog(
    /ODEBUG: (?:free|init) active|BUG: unable to handle page fault.*work|activate_work|__run_timers/,
    {
      sentence: 'A timer or work is still queued when what it works on is freed.',
      change: 'Cancel it with cancel_delayed_work_sync() or timer_delete_sync() before remove returns.',
      requirement: 'silent-when-gone',
    },
  ),
  'probe-returns-positive': inLog(/Driver probe function unexpectedly returned [1-9]/, {
    sentence: 'The probe of the driver returns a positive number where it succeeds.',
    change: 'Return 0 from probe.',
    requirement: 'quiet-log',
  }),
  'probe-fails': {
    ...inLog(/probe (?:with driver \S+|of \S+) failed with error -(?!19\b|6\b)\d+/, {
      sentence: 'The probe of the driver gives up with an error.',
      change: 'Look for the error number in the line below: which call in probe has returned it.',
      requirement: 'binds-function',
    }),
    explains: ['binds-function', 'driver-ok', 'loads-by-alias', 'comes-back', 'restores-after-sleep'],
  },
  'lock-not-released': inLog(/queued_spin_lock_slowpath/, {
    sentence:
      'A processor waits for a spinlock that is not released: a path leaves the function with it held.',
    change:
      'Unlock on each path out of the function, and take no lock twice; the caller is in the lines below.',
    requirement: 'carries-out',
  }),
  'task-waits-in-driver': inLog(/^no .* within .*; [^;]* waits in \S+ \[\w+\]/, {
    sentence: 'A task waits for ever in a function of the driver.',
    change: 'Look at that function: for what it waits, and who was to wake it.',
    requirement: 'carries-out',
  }),
  'crash-in-driver': inLog(/^(?:\[ *[\d.]+\] ?)*RIP: 0010:\w+(?:\.\w+)*\+0x\S+ \[\w+\]/, {
    sentence: 'The kernel crashes in a function of the driver.',
    change:
      'Look at the function and the line above it in the log: what it dereferences, and when that is there.',
    requirement: 'leaves-nothing',
  }),
  'callback-missing': inLog(/RIP: 0010:0x0\b/, {
    sentence: 'The kernel calls an operation that the driver has not set, and jumps to address 0.',
    change:
      'Set each operation that the kernel calls without asking: the call trace below the line names the caller.',
    requirement: 'leaves-nothing',
  }),
  'memory-used-after-free': inLog(
    /KASAN: (?:slab-)?use-after-free|refcount_t: underflow; use-after-free|Poison overwritten|non-canonical address 0x6b6b6b6b6b6b/,
    {
      sentence: 'Memory is used or released again after it was freed.',
      change: 'Free the device structure in its release callback only.',
      requirement: 'leaves-nothing',
    },
  ),
  'memory-freed-twice': inLog(/kernel BUG at mm\/slub|double-free|Object already free/, {
    sentence: 'Memory is freed twice.',
    change: 'Free the device structure in its release callback only, not in remove as well.',
    requirement: 'leaves-nothing',
  }),
  'attributes-left-behind': inLog(/sysfs: cannot create duplicate filename|sysctl duplicate entry/, {
    sentence: 'Attributes of the driver are still there when it is bound again.',
    change: 'Use dev_groups, or remove in remove what probe has created.',
    requirement: 'comes-back',
  }),
  'symbol-missing': inLog(/Unknown symbol \S+/, {
    sentence: 'A module needs a symbol that this kernel does not export to it.',
    change: 'Load the module that exports it first, or do without it: the line names the symbol.',
    requirement: 'comes-back',
  }),
  'built-for-another-kernel': inLog(/version magic '.*' should be|disagrees about version of symbol/, {
    sentence: 'The module was built for another kernel.',
    change: 'Build it against the headers of the kernel that loads it.',
    requirement: 'comes-back',
  }),
  'lock-order': inLog(
    /possible (?:circular|recursive) locking|inconsistent lock state|possible irq lock inversion/,
    {
      sentence: 'Locks are taken in an order, or in a context, that can end in a deadlock.',
      change: 'Take the lock with interrupts off wherever the handler takes it too, and in one order.',
      requirement: 'carries-out',
    },
  ),
  'guest-stalls': inLog(/rcu.*detected stalls|soft lockup|hard LOCKUP|blocked for more than \d+ seconds/, {
    sentence:
      'A processor of the guest makes no progress: code of the driver loops or waits with interrupts off.',
    change: 'Look at the stack below the line: the innermost function of the driver is the one that waits.',
    requirement: 'carries-out',
  }),
} as const satisfies Readonly<Record<string, Cause>>;
