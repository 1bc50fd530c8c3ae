// Causes that the guest's kernel reports in its log.

import type { Cause, Facts } from './facts.js';

/** Matches the time stamp of the kernel, after that of the console if there is one. */
const stamps = /^(?:\[ *\d+\.\d+\] ?)+/;

/** Begins the first line of KERNEL_SPLAT, which repeats a line of the log. */
const summary = /^the guest kernel reported an error \(/;

/** The lines of the kernel log and of the reasons, which quote the log of a guest that went down. */
const logLines = ({ dmesg, reasons }: Facts): string[] =>
  [...dmesg, ...reasons.flatMap((reason) => reason.split('\n'))]
    .filter((line) => !summary.test(line))
    .map((line) => line.replace(stamps, ''));

/** The first matching lines, each text once: most lines are in both. */
const matching = (facts: Facts, pattern: RegExp): string[] =>
  [...new Set(logLines(facts).filter((line) => pattern.test(line)))].slice(0, 3);

/**
 * The first words of an oops that a wrong pointer causes. With inline checks of KASAN, a NULL pointer is a general
 * protection fault, and the line after it tells the address.
 */
const badPointer =
  /^(?:BUG: (?:kernel NULL pointer dereference|unable to handle page fault)|KASAN: .* in range \[)/;

export const inLog = (pattern: RegExp, cause: Pick<Cause, 'sentence' | 'change' | 'requirement'>): Cause => ({
  ...cause,
  find: (facts) => matching(facts, pattern),
});

const sleeping = /sleeping function called from invalid context|scheduling while atomic/;

/** Matches a preempt count below 0 in its 31 bits: a spinlock was released that was not held. */
const lessThanNone = /\/0x7f[\da-f]{6}\b|\bpreempt=0x7f|\bpreempt_count: 7f/;

/** False if a stack trace follows the line in which no function of a module is. */
const isBelowModule = (lines: readonly string[], index: number): boolean => {
  const after = lines.slice(index);
  const begin = after.indexOf('Call Trace:');
  const end = after.findIndex((line) => /^\s*<\/(?:TASK|IRQ)>$/.test(line));
  return begin === -1 || after.slice(begin, end === -1 ? undefined : end).some((line) => line.endsWith(']'));
};

const ripInModule = /^RIP: 0010:\w+(?:\.\w+)*\+0x\S+ \[\w+\]/;

/** The maximum number of lines from the first of a warning to its RIP. */
const linesAboveRip = 12;

/** Matches an oops after a jump to address 0. */
const missingCallback = /RIP: 0010:0x0\b/;

/** Matches a function of a module that has called the next one, not one that only lies on the stack. */
const inModule = /^\s*\w[\w.]*\+0x\S+ \[\w+\]$/;

/** A wrong pointer in a function of the kernel that was called by a function that matches `caller`. */
const crashOfKernel = (
  caller: RegExp,
  { unless, ...cause }: Pick<Cause, 'sentence' | 'change'> & { unless?: RegExp },
): Cause => ({
  ...cause,
  requirement: 'leaves-nothing',
  find: (facts) => {
    const lines = logLines(facts);
    const begin = lines.findIndex((line) => badPointer.test(line));
    const crash = begin === -1 ? [] : lines.slice(begin);
    const rip = crash.find((line) => line.startsWith('RIP: '));
    const calls = crash.slice(crash.indexOf('Call Trace:') + 1);
    const shown = calls.find((line) => caller.test(line));
    const [bad] = crash;
    if (bad === undefined || rip === undefined || shown === undefined) return [];
    if (rip.endsWith(']') || missingCallback.test(rip)) return [];
    return unless !== undefined && calls.some((line) => unless.test(line)) ? [] : [bad, rip, shown.trim()];
  },
});

export const logCauses = {
  'sleeps-in-interrupt': {
    sentence: 'The driver sleeps in atomic context: in an interrupt handler or with a spinlock held.',
    change: 'Use GFP_ATOMIC and no sleeping calls there, and move what has to wait to a work queue.',
    requirement: 'acknowledges-in-time',
    // A program that sleeps outside of the driver is in atomic context because a lock was not released.
    find: (facts) => {
      const lines = logLines(facts);
      if (lines.some((line) => lessThanNone.test(line))) return [];
      const found = lines.filter((line, index) => sleeping.test(line) && isBelowModule(lines, index));
      return [...new Set(found)].slice(0, 3);
    },
  },
  'interrupts-nobody-claims': inLog(/irq \d+: nobody cared/, {
    sentence: 'The interrupt handler does not claim interrupts of its device, so Linux disables the line.',
    change:
      'Read the ISR (8 bits, BAR0 offset 19) in each call of the handler, and return IRQ_HANDLED if a bit is set.',
    requirement: 'claims-own-interrupts',
  }),
  'work-outlives-driver': inLog(
    // In a stack trace, __run_timers() is only the caller of a timer's function.
    /ODEBUG: free active|(?:RIP: 0010:|KASAN: \S+ in )(?:__run_timers|\w*activate_work)\b/,
    {
      sentence: 'A timer or work item is still queued when its memory is freed.',
      change: 'Cancel it with cancel_delayed_work_sync() or timer_delete_sync() before remove returns.',
      requirement: 'silent-when-gone',
    },
  ),
  'probe-returns-positive': inLog(/Driver probe function unexpectedly returned [1-9]/, {
    sentence: 'The probe of the driver returns a positive number on success.',
    change: 'Return 0 from probe.',
    requirement: 'quiet-log',
  }),
  'probe-fails': {
    ...inLog(/probe (?:with driver \S+|of \S+) failed with error -(?!19\b|6\b)\d+/, {
      sentence: 'The probe of the driver fails with an error.',
      change: 'Find the call in probe that returned the error number in the line below.',
      requirement: 'binds-function',
    }),
    explains: ['binds-function', 'driver-ok', 'loads-by-alias', 'comes-back', 'restores-after-sleep'],
  },
  'line-not-shared': inLog(/genirq: Flags mismatch irq \d+/, {
    sentence:
      'The driver does not request its interrupt line as shared, so other devices on the line get no handler.',
    change: 'Pass IRQF_SHARED to request_irq().',
    requirement: 'keeps-devices-apart',
  }),
  'lock-not-released': inLog(
    /queued_spin_lock_slowpath|lock held when returning to|\bpreempt=0x[0-6]\w+ lock=|leaked lock or atomic: .*\/0x[0-6]/,
    {
      sentence: 'A lock is never released: a path leaves its function with the lock held.',
      change:
        'Unlock on each path out of the function, and take no lock twice; the lines below show the caller.',
      requirement: 'carries-out',
    },
  ),
  'lock-not-held': inLog(
    new RegExp(
      `bad unlock balance|spinlock (?:already unlocked|wrong owner|wrong CPU) on|${lessThanNone.source}`,
    ),
    {
      sentence: 'The driver releases a lock that it does not hold.',
      change: 'Unlock once on each path after the lock was taken, and nowhere else.',
      requirement: 'carries-out',
    },
  ),
  'task-waits-in-driver': inLog(/^no .* within .*; [^;]* waits in \S+ \[\w+\]/, {
    sentence: 'A task waits forever in a function of the driver.',
    change: 'Check what that function waits for, and which code should wake it.',
    requirement: 'carries-out',
  }),
  'crash-in-driver': {
    sentence: 'The kernel crashes in a function of the driver.',
    change:
      'Check which pointer the function dereferences (see the line above it in the log), and when it is valid.',
    requirement: 'leaves-nothing',
    find: (facts) => {
      const lines = logLines(facts);
      const isWarning = (index: number): boolean =>
        lines.slice(Math.max(0, index - linesAboveRip), index).some((line) => line.startsWith('WARNING: '));
      const found = lines.filter((line, index) => ripInModule.test(line) && !isWarning(index));
      return [...new Set(found)].slice(0, 3);
    },
  },
  'warning-in-driver': inLog(/^WARNING: .*\+0x[\da-f]+\/0x[\da-f]+ \[\w+\]/, {
    sentence: 'A condition that the driver checks with WARN_ON() does not hold.',
    change: 'Look at the line of the source that the warning names: a value there is not what is expected.',
    requirement: 'quiet-log',
  }),
  'crash-below-driver': crashOfKernel(inModule, {
    sentence: 'The kernel crashes in a function of its own that the driver has called with a wrong argument.',
    change: 'Check the pointers that the function of the driver in the lines below passes on.',
  }),
  'driver-structure-incomplete': crashOfKernel(
    /^\s*(?:__driver_attach|driver_register|__device_attach)\w*\+0x/,
    {
      sentence: 'The kernel crashes while it looks for the devices of the driver.',
      change:
        'Set each field of the driver structure that the function in the lines below reads, such as the id table.',
      unless: inModule,
    },
  ),
  'callback-missing': inLog(missingCallback, {
    sentence: 'The kernel calls an operation that the driver has not set, and jumps to address 0.',
    change:
      'Set each operation that the kernel calls without a check; the call trace below the line names the caller.',
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
    sentence: 'Attributes of the driver still exist when it is bound again.',
    change: 'Use dev_groups, or delete in remove the attributes that probe has created.',
    requirement: 'comes-back',
  }),
  'known-command-unknown': inLog(/unknown command 0x[123]\b/, {
    sentence: 'The driver takes a command of the device for an unknown one.',
    change:
      'Handle 1 (SHUTDOWN), 2 (REBOOT) and 3 (SYNCRTC) at BAR0 offset 20, and take only other values for unknown.',
    requirement: 'acknowledges',
  }),
  'symbol-missing': inLog(/Unknown symbol \S+/, {
    sentence: 'A module needs a symbol that this kernel does not export to it.',
    change: 'Load the module that exports the symbol first, or avoid the symbol. The line below names it.',
    requirement: 'comes-back',
  }),
  'built-for-another-kernel': inLog(/version magic '.*' should be|disagrees about version of symbol/, {
    sentence: 'The module was built for a different kernel.',
    change: 'Build it against the headers of the kernel that loads it.',
    requirement: 'comes-back',
  }),
  'lock-order': inLog(
    /possible (?:circular|recursive) locking|inconsistent lock state|possible irq lock inversion|unsafe lock order/,
    {
      sentence: 'Locks are taken in an order, or in a context, that can end in a deadlock.',
      change:
        'Disable interrupts while holding a lock that the handler also takes, and take locks in one order.',
      requirement: 'carries-out',
    },
  ),
  'guest-stalls': inLog(/rcu.*detected stalls|soft lockup|hard LOCKUP|blocked for more than \d+ seconds/, {
    sentence:
      'A processor of the guest makes no progress: the driver loops, or waits with interrupts disabled.',
    change: 'Look at the stack below the line: the innermost function of the driver is the one that waits.',
    requirement: 'carries-out',
  }),
} as const satisfies Readonly<Record<string, Cause>>;
