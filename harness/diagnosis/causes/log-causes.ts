// Causes that the guest's kernel reports in its log.

import { isDown, isUp } from './events.js';
import type { Cause, Facts } from './facts.js';
import { instructionPointer, isInDriver, logLines, reportsOf } from './kernel-reports.js';

/** The first matching lines, each text once: most lines are in both. */
const matching = (facts: Facts, pattern: RegExp): string[] =>
  [...new Set(logLines(facts).filter((line) => pattern.test(line)))].slice(0, 3);

/**
 * The first words of an oops that a wrong pointer causes. With inline checks of KASAN, a NULL pointer is a
 * general protection fault, and the line after it tells the address.
 */
const badPointer =
  /^(?:BUG: (?:kernel NULL pointer dereference|unable to handle page fault)|KASAN: .* in range \[|(?:Oops: )?general protection fault, probably for non-canonical address)/;

/** Where the virtio core checks what a driver uses (include/linux/virtio_config.h). */
const offeredFeature = /virtio_check_driver_offered_feature\+/;

const isBad = (line: string): boolean => badPointer.test(line);

export const inLog = (pattern: RegExp, cause: Pick<Cause, 'sentence' | 'change' | 'requirement'>): Cause => ({
  ...cause,
  find: (facts) => matching(facts, pattern),
});

const sleeping = /sleeping function called from invalid context|scheduling while atomic/;

/**
 * Matches a preempt count below 0 in its 31 bits, or below the 1 that the scheduler itself adds: a spinlock
 * was released that was not held.
 */
const lessThanNone =
  /\/0x7f[\da-f]{6}\b|scheduling while atomic: .*\/0x00000000\b|\bpreempt=0x7f|\bpreempt_count: 7f/;

/** Lines from the headline of a sleep in atomic context to its count (kernel/sched/core.c). */
const linesToCount = 2;

/** False if a stack trace follows the line in which no function of a module is. */
const isBelowModule = (lines: readonly string[], index: number): boolean => {
  const after = lines.slice(index);
  const begin = after.indexOf('Call Trace:');
  const end = after.findIndex((line) => /^\s*<\/(?:TASK|IRQ)>$/.test(line));
  return begin === -1 || after.slice(begin, end === -1 ? undefined : end).some(isInDriver);
};

/** Matches an oops after a jump to address 0. */
const missingCallback = /^(?:RIP: 0010:|EIP: )0x0\b/;

/** A wrong pointer in a function of the kernel that was called by one of which `isCaller` is true. */
const crashOfKernel = (
  isCaller: (line: string) => boolean,
  { unless, ...cause }: Pick<Cause, 'sentence' | 'change'> & { unless?: (line: string) => boolean },
): Cause => ({
  ...cause,
  requirement: 'leaves-nothing',
  find: (facts) => {
    const crash = reportsOf(facts).find(({ kind, lines }) => kind === 'crash' && lines.some(isBad));
    const lines = crash?.lines ?? [];
    const bad = lines.find(isBad);
    const at = lines.find((line) => instructionPointer.test(line));
    const calls = lines.slice(lines.indexOf('Call Trace:') + 1);
    const shown = calls.find(isCaller);
    if (bad === undefined || at === undefined || shown === undefined) return [];
    if (isInDriver(at) || missingCallback.test(at)) return [];
    return unless !== undefined && calls.some(unless) ? [] : [bad, at, shown.trim()];
  },
});

/** Matches a crash in a list of functions that the kernel calls at some event (kernel/notifier.c). */
const walksNotifiers = /\bnotifier_(?:chain_register|chain_unregister|call_chain)\b/;

/**
 * Matches a crash where the kernel runs timers and work items. In a stack, these functions are only callers.
 */
const runsQueued =
  /ODEBUG: free active|(?:RIP: 0010:|EIP: |KASAN: \S+ in )(?:__run_timers|expire_timers|delayed_work_timer_fn|\w*activate_work)\b/;

/**
 * Matches the report of a name that exists already, in sysfs, sysctl or debugfs. The PTP core has one of its
 * own that is no fault (harness/guest/kernel-log-patterns.ts).
 */
const nameExists =
  /sysfs: cannot create duplicate filename|sysctl duplicate entry|debugfs: (?:Directory|File) '(?!0x\(____ptrval____\)).*' .*already present/;

export const logCauses = {
  'sleeps-in-interrupt': {
    sentence: 'The driver sleeps in atomic context: in an interrupt handler or with a spinlock held.',
    change: 'Use GFP_ATOMIC and no sleeping calls there, and move what has to wait to a work queue.',
    requirement: 'acknowledges-in-time',
    // A program that sleeps outside of the driver is in atomic context because a lock was not released. A
    // count below 0 shows a lock that was not held, unless a sleep has confused the counts of two tasks
    // before.
    find: (facts) => {
      const lines = logLines(facts);
      const end = lines.findIndex((line) => lessThanNone.test(line));
      // In this report the count is in a later line than the headline.
      const isLater = /^preempt_count/.test(lines[end] ?? '');
      const before = end === -1 ? lines : lines.slice(0, isLater ? Math.max(0, end - linesToCount) : end);
      const found = before.filter((line, index) => sleeping.test(line) && isBelowModule(lines, index));
      return [...new Set(found)].slice(0, 3);
    },
  },
  'feature-not-in-table': {
    sentence:
      'The driver uses a feature that is not in its feature table, and the virtio core stops the kernel.',
    change: 'Name each feature that the driver uses in the feature_table of its struct virtio_driver.',
    requirement: 'negotiates-features',
    find: (facts) =>
      reportsOf(facts)
        .filter(({ kind }) => kind === 'crash')
        .flatMap(({ lines }) => {
          const at = lines.find((line) => instructionPointer.test(line) && offeredFeature.test(line));
          return at === undefined ? [] : [lines[0] ?? '', at];
        })
        .slice(0, 2),
  },
  'interrupts-nobody-claims': inLog(/irq \d+: nobody cared/, {
    sentence: 'The interrupt handler does not claim interrupts of its device, so Linux disables the line.',
    change:
      'Read the ISR (8 bits, BAR0 offset 19) in each call of the handler, and return IRQ_HANDLED if a bit is set.',
    requirement: 'claims-own-interrupts',
  }),
  'work-outlives-driver': {
    sentence: 'A timer or work item is still queued when its memory is freed.',
    change: 'Cancel it with cancel_delayed_work_sync() or timer_delete_sync() before remove returns.',
    requirement: 'silent-when-gone',
    find: (facts) => [
      ...matching(facts, runsQueued),
      ...reportsOf(facts)
        // A function of the driver that names a wrong queue is in the stack.
        .filter(({ kind, lines }) => kind === 'crash' && !lines.some(isInDriver))
        .flatMap(({ lines }) => lines.find((line) => /^(?:RIP: 0010:|EIP: )__queue_work\b/.test(line)) ?? [])
        .slice(0, 1),
    ],
  },
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
  'runtime-pm-unbalanced': inLog(/Runtime PM usage count underflow!/, {
    sentence: 'The driver puts more references for runtime power management than it gets.',
    change: 'Call pm_runtime_get_noresume() in remove for the pm_runtime_put_noidle() of probe.',
    requirement: 'leaves-nothing',
  }),
  'line-not-shared': inLog(/genirq: Flags mismatch irq (?!0\.)\d+/, {
    sentence:
      'The driver requests its interrupt line in a way that other drivers cannot share, so one of them gets no handler.',
    change: 'Pass IRQF_SHARED to request_irq(), without IRQF_ONESHOT or a trigger.',
    requirement: 'keeps-devices-apart',
  }),
  'interrupt-of-timer-requested': inLog(/genirq: Flags mismatch irq 0\./, {
    sentence: 'The driver requests interrupt 0, which is that of the timer, instead of that of the function.',
    change: 'Read the number (pci->irq) after pci_enable_device(), which sets it.',
    requirement: 'binds-function',
  }),
  'line-enabled-too-often': inLog(/Unbalanced enable for IRQ \d+/, {
    sentence: 'The driver enables the interrupt line more often than it has disabled it.',
    change: 'Call enable_irq() once for each disable_irq(), or neither: the line is shared.',
    requirement: 'keeps-devices-apart',
  }),
  'handler-enables-interrupts': inLog(/\birq \d+ handler \S+(?: \[\w+\])? enabled interrupts/, {
    sentence: 'The interrupt handler, or what it calls, turns interrupts on.',
    change: 'Use local_irq_save() or spin_lock_irqsave() there, and what restores the state.',
    requirement: 'carries-out',
  }),
  'interrupt-on-in-sleep': inLog(/^WARNING: .*\birq_pm_install_action\b/, {
    sentence:
      'The driver keeps its interrupt line on while the guest sleeps, and the other drivers of the line do not.',
    change: 'Pass IRQF_SHARED alone to request_irq(): no command has to wake the guest up.',
    requirement: 'keeps-devices-apart',
  }),
  'bottom-halves-with-interrupts-off': {
    sentence: 'The driver takes a lock with spin_lock_bh() in its interrupt handler, or with interrupts off.',
    change: 'Take a lock that the handler also takes with spin_lock_irqsave().',
    requirement: 'acknowledges-in-time',
    find: (facts) =>
      reportsOf(facts)
        .filter(({ lines }) => lines.some(isInDriver))
        .flatMap(({ lines }) => lines.find((line) => /^WARNING: .*\b__local_bh_enable_ip\b/.test(line)) ?? [])
        .slice(0, 1),
  },
  'clock-set-in-handler': {
    sentence: 'The driver sets the clock with interrupts off, as in its interrupt handler.',
    change: 'Set the clock in a work item: do_settimeofday64() has to reach all processors.',
    requirement: 'sets-clock',
    find: (facts) =>
      reportsOf(facts)
        .map(({ lines }) => [
          lines.find((line) => /^WARNING: .*\bsmp_call_function_many_cond\b/.test(line)),
          lines.find((line) => /^\s*(?:clock_was_set|do_settimeofday64)\+0x/.test(line))?.trim(),
        ])
        .find((lines) => lines.every((line) => line !== undefined))
        ?.filter((line) => line !== undefined) ?? [],
  },
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
  'notifier-left-behind': {
    sentence: 'A notifier of the driver is still registered when its memory is freed.',
    change: 'Unregister in remove, or when the module is unloaded, each notifier that was registered.',
    requirement: 'leaves-nothing',
    find: (facts) => [
      // The kernel finds it in its list if the module is loaded at the same address again.
      ...matching(facts, /^WARNING: .*\bnotifier_chain_register\b/),
      ...reportsOf(facts)
        .filter(({ kind, lines }) => kind === 'crash' && lines.some(isBad))
        .flatMap(({ lines }) => {
          const at = lines.find((line) => instructionPointer.test(line) && walksNotifiers.test(line));
          return at === undefined ? [] : [lines.find(isBad) ?? '', at];
        })
        .slice(0, 2),
    ],
  },
  'crash-in-driver': {
    sentence: 'The kernel crashes in a function of the driver.',
    change:
      'Check which pointer the function dereferences (see the line above it in the log), and when it is valid.',
    requirement: 'leaves-nothing',
    find: (facts) =>
      // The reasons repeat lines of the log.
      [
        ...new Set(
          reportsOf(facts)
            .filter(({ kind }) => kind === 'crash')
            .flatMap(({ lines }) =>
              lines.filter((line) => instructionPointer.test(line) && isInDriver(line)),
            ),
        ),
      ].slice(0, 3),
  },
  'warning-in-driver': inLog(/^WARNING: .*\+0x[\da-f]+\/0x[\da-f]+ \[\w+\]/, {
    sentence: 'A condition that the driver checks with WARN_ON() does not hold.',
    change: 'Look at the line of the source that the warning names: a value there is not what is expected.',
    requirement: 'quiet-log',
  }),
  'crash-below-driver': crashOfKernel(isInDriver, {
    sentence: 'The kernel crashes in a function of its own that the driver has called with a wrong argument.',
    change: 'Check the pointers that the function of the driver in the lines below passes on.',
  }),
  'driver-structure-incomplete': crashOfKernel(
    (line) => /^\s*(?:__driver_attach|driver_register|__device_attach)\w*\+0x/.test(line),
    {
      sentence: 'The kernel crashes while it looks for the devices of the driver.',
      change:
        'Set each field of the driver structure that the function in the lines below reads, such as the id table. None may be __initconst.',
      unless: isInDriver,
    },
  ),
  'callback-missing': inLog(missingCallback, {
    sentence: 'The kernel calls an operation that the driver has not set, and jumps to address 0.',
    change:
      'Set each operation that the kernel calls without a check; the call trace below the line names the caller.',
    requirement: 'leaves-nothing',
  }),
  'memory-used-after-free': inLog(
    /KASAN: (?:slab-)?use-after-free|refcount_t: underflow; use-after-free|Poison overwritten|non-canonical address 0x6b6b6b6b6b6b|^(?:RIP: 0010:|EIP: )0x6b6b6b6b/,
    {
      sentence: 'Memory is used or released again after it was freed.',
      change: 'Free the device structure in its release callback only.',
      requirement: 'leaves-nothing',
    },
  ),
  'object-not-cleared': inLog(/kobject.*: tried to init an initialized object/, {
    sentence: 'The driver registers an object in memory that was not cleared, or registers it twice.',
    change:
      'Allocate the structure with kzalloc(), and register it once; the stack below the line has the caller.',
    requirement: 'binds-function',
  }),
  'object-never-initialized': inLog(/kobject: .*: is not initialized, yet kobject_(?:put|get)\(\)/, {
    sentence: 'The driver puts a reference to an object that was never initialized.',
    change:
      'Free the structure with kfree() before register_virtio_device() is called, and with put_device() after it.',
    requirement: 'undoes-failures',
  }),
  'memory-freed-twice': inLog(/kernel BUG at mm\/slub|double-free|Object already free/, {
    sentence: 'Memory is freed twice.',
    change: 'Free the device structure in its release callback only, not in remove as well.',
    requirement: 'leaves-nothing',
  }),
  'attributes-left-behind': inLog(nameExists, {
    sentence: 'Attributes or files of the driver still exist when it is bound again.',
    change: 'Use dev_groups, or remove what probe has created, debugfs_remove() for what is in debugfs.',
    requirement: 'comes-back',
  }),
  'name-shared-by-devices': {
    sentence: 'The driver makes a directory or file of the same name for each device.',
    change: 'Put dev_name() of the device into the name.',
    requirement: 'keeps-devices-apart',
    // Nothing can be left behind by a driver that has not gone yet.
    find: ({ trace }) => {
      const seen = trace.find((event) => event.kind === 'console' && nameExists.test(event.line));
      const before = trace.filter(({ seq }) => seq < (seen?.seq ?? 0));
      const up = before.find(isUp);
      // A script that unbinds and binds is in the trace only when it has ended.
      const gone = before.some(
        (event) =>
          (isDown(event) && event.seq > (up?.seq ?? event.seq)) ||
          (event.kind === 'shell' && /\bun(?:bind|load)\b/.test(event.command)),
      );
      return seen === undefined || gone ? [] : [seen];
    },
  },
  'set-time-refused': {
    ...inLog(/cannot set the clock: error -22\b/, {
      sentence: 'SYNCRTC sets a time that the kernel does not accept.',
      change: 'Carry whole seconds out of the nanoseconds, which must be below 1000000000.',
      requirement: 'sets-clock',
    }),
    explains: ['sets-clock'],
  },
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
} as const satisfies Readonly<Record<string, Cause>>;
