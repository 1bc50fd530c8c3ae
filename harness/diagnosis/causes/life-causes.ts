// Causes that are visible when the driver comes up, is removed or loses its device.

import { firstLine } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import { ISR_CONFIG, registers, status } from '../../vmmci/registers.js';
import { named } from '../check-names.js';
import { showIsr } from '../decode.js';
import { checkCause, checksOf } from './check-cause.js';
import { following, isCommandRead, isDown, isRead, isWrite, type Write } from './events.js';
import type { Cause, Facts } from './facts.js';

const ones = 0xffffffff;

/** Matches the write that resets the device. */
const isReset = (event: TraceEvent): event is Write => isWrite(event, 'status') && event.value === 0;

/** The requirements about what a driver leaves behind: when it is removed, and when its probe fails. */
const leaves = ['leaves-nothing', 'undoes-failures'] as const;

interface LeakForm {
  /** Matches what is left behind, as the check has it. */
  readonly seen?: RegExp;
  /** Matches the name of the check. */
  readonly what?: RegExp;
  /** Matches a line of the kernel log. */
  readonly log?: RegExp;
  /** Matches those of these lines that the kernel also writes when an allocation fails. */
  readonly alsoWithoutMemory?: RegExp;
}

/** True if the scenario made allocations of the driver fail. */
const madeAllocationsFail = ({ trace }: Facts): boolean =>
  trace.some((event) => event.kind === 'shell' && event.command.includes('fail-nth'));

const leak = (
  { seen, what = /^leaked resources/, log, alsoWithoutMemory }: LeakForm,
  cause: Pick<Cause, 'sentence' | 'change'>,
): Cause => ({
  ...cause,
  requirement: 'leaves-nothing',
  find: (facts) => {
    const checks = checksOf(facts, leaves, { what, ...(seen !== undefined && { seen }) });
    const isExpected = (line: string): boolean =>
      alsoWithoutMemory?.test(line) === true && madeAllocationsFail(facts);
    const lines =
      log === undefined
        ? []
        : [...facts.dmesg, ...linesOf(facts)].filter((line) => log.test(line) && !isExpected(line));
    // If the guest panics while it looks for leaks, the reason says what has happened before.
    const reason =
      log === undefined ? undefined : facts.reasons.find((each) => log.test(each) && !isExpected(each));
    const before = reason === undefined || checks.length > 0 ? [] : [firstLine(reason)];
    return [...checks.slice(0, 2), ...new Set([...before, ...lines])].slice(0, 3);
  },
});

const linesOf = ({ reasons }: Facts): string[] => reasons.flatMap((reason) => reason.split('\n'));

/**
 * Matches the warning of virtio_dev_remove() about a status that is not 0 after a reset, also as 7.3 writes
 * it.
 */
const coreWarns = /WARNING: .*drivers\/virtio\/virtio\.c:\d+ (?:at )?\S*virtio_dev_remove/;

/** Matches a read of the status of an absent device. */
const isStatusGone = (event: TraceEvent): boolean =>
  event.kind === 'bar-read' && event.absent === true && event.offset === registers.status.offset;

/** A count that is less than 0 is no register. */
const allOnes = /(?<!enable count )\b(?:4294967295|0xffffffff)\b/;

/**
 * True if a check saw all ones where they are not the right value, as they are in the last second of 32 bits.
 */
const showsOnes = (seen: string, expected: string): boolean => allOnes.test(seen) && !allOnes.test(expected);

/** More reads of one register than a driver makes without waiting for it, other than polls of the command. */
const manyReads = 1000;

/** Returns the status of the device at that event. */
const stateAt = ({ trace }: Facts, seq: number): TraceEvent<'status'> | undefined =>
  trace.findLast((event): event is TraceEvent<'status'> => event.kind === 'status' && event.seq < seq);

export const lifeCauses = {
  'features-kept-after-reset': {
    sentence: 'The device is reset, but the accepted features stay in its register.',
    change:
      'Write 0 to the guest features (BAR0 offset 4) when the device is reset: vmd does not clear them itself.',
    requirement: 'resets-device',
    explains: ['resets-device'],
    find: (facts) =>
      checksOf(facts, ['resets-device'], {
        what: /^features after (?:unload|the function)/,
        seen: /^0x[1-9a-f]/,
        holds: ({ seq }) => stateAt(facts, seq)?.value === 0,
      }).slice(0, 2),
  },
  'isr-kept-after-reset': checkCause(
    {
      what: /^ISR after unload/,
      holds: ({ seen }) => seen === showIsr(ISR_CONFIG),
      besides: ({ seq }, { trace }) => trace.filter((event) => event.seq < seq && isDown(event)).slice(-1),
    },
    {
      sentence: 'The device is reset, but its interrupt line stays asserted.',
      change:
        'Read the ISR (8 bits, BAR0 offset 19) when the device is reset: vmd clears neither the ISR nor the line itself.',
      requirement: 'resets-device',
    },
  ),
  'reset-in-wrong-order': {
    sentence:
      'A reset clears the features while DRIVER_OK is still set: a command of that moment leaves the interrupt asserted.',
    change:
      'Write 0 to the status (BAR0 offset 18) first, then to the features (offset 4), and read the ISR (offset 19) last.',
    requirement: 'resets-device',
    explains: ['resets-device', 'keeps-transcript'],
    find: ({ accesses }) => {
      const written = accesses.filter(({ kind }) => kind === 'bar-write');
      for (const [index, event] of written.entries()) {
        const next = written[index + 1];
        const last = written.slice(0, index).findLast((before) => isWrite(before, 'status'));
        const isUp = ((last?.value ?? 0) & status.DRIVER_OK) !== 0;
        const clears = isWrite(event, 'guestFeatures') && event.value === 0;
        if (isUp && clears && next !== undefined && isReset(next)) return [event, next];
      }
      return [];
    },
  },
  'command-read-after-reset': {
    sentence: 'When it is removed, the driver reads the command after it has reset the device.',
    change:
      'Cancel polls first, then read and handle the command (BAR0 offset 20), and then write 0 to the status (BAR0 offset 18).',
    requirement: 'resets-device',
    explains: ['resets-device', 'keeps-transcript'],
    find: (facts) =>
      following(facts, isReset, (_, after) => {
        const end = after.findIndex((event) => isWrite(event, 'status'));
        const read = after.slice(0, end === -1 ? undefined : end).find(isCommandRead);
        return read === undefined ? undefined : [read];
      }),
  },
  'acknowledge-left-on-remove': checkCause(
    { what: /^status after the function was unbound/, seen: /^0x1\b/ },
    {
      sentence: 'When the function is unbound, its status stays ACKNOWLEDGE.',
      change:
        'Write 0 to the status (BAR0 offset 18) after unregister_virtio_device(), which sets ACKNOWLEDGE at its end.',
      requirement: 'resets-device',
    },
  ),
  'not-reset-on-remove': {
    sentence: 'The device is not reset when the driver is unbound, so DRIVER_OK stays set.',
    change: 'Write 0 to the status (BAR0 offset 18) in remove, after timers and work are cancelled.',
    requirement: 'drops-driver-ok',
    find: (facts) => {
      const { trace, dmesg } = facts;
      const checks = checksOf(facts, ['drops-driver-ok', 'resets-device'], {
        what: /^(?:DRIVER_OK|status) after (?:unload|the function)|^command without a driver/,
        holds: ({ seq }) => ((stateAt(facts, seq)?.value ?? 0) & status.DRIVER_OK) !== 0,
      });
      // The virtio core reads the status after it has reset the device.
      const warning = [...dmesg, ...linesOf(facts)].find((line) => coreWarns.test(line));
      const kept = trace.findLast(
        (event) => isRead(event, 'status') && (event.value & status.DRIVER_OK) !== 0,
      );
      if (warning !== undefined && kept !== undefined && !trace.some(isStatusGone)) return [kept, warning];
      return checks.slice(0, 2);
    },
  },
  'reset-leaves-status': {
    sentence: 'The reset of the device writes a status other than 0.',
    change: 'Write 0 to the status (BAR0 offset 18) in reset.',
    requirement: 'resets-device',
    find: (facts) => {
      const { accesses, dmesg } = facts;
      const warning = [...dmesg, ...linesOf(facts)].find((line) => coreWarns.test(line));
      const last = accesses.findLastIndex((event) => isRead(event, 'status'));
      const kept = accesses[last];
      const written = accesses.slice(0, Math.max(0, last)).findLast((event) => isWrite(event, 'status'));
      if (warning === undefined || kept === undefined || written === undefined) return [];
      if (kept.value === 0 || kept.value !== written.value || (kept.value & status.DRIVER_OK) !== 0)
        return [];
      return [written, kept, warning];
    },
  },
  'all-ones-taken-for-data': {
    sentence: 'The driver takes all ones, which every register of an absent device reads as, for a value.',
    change:
      'If a register reads as all ones, read a second one. If that does too, the device is gone: return ENODEV.',
    requirement: 'survives-removal',
    // Every driver reads all ones from an absent device. The fault is visible only in what it does with them.
    find: (facts) => {
      const { trace, reasons, checks } = facts;
      const isGone = (event: TraceEvent): boolean =>
        event.kind === 'bar-read' &&
        (event.absent === true ||
          event.value === ones ||
          (event.offset === registers.isr.offset && event.value === 0xff));
      const gone = trace.filter(isGone);
      const [first] = gone;
      if (first === undefined) return [];
      // Without a bound device, the status is only one that probe has set too early.
      const isRefused = trace.some(
        (event) =>
          event.kind === 'check' &&
          event.result === 'ok' &&
          /^devices bound to .* all ones$/.test(event.what),
      );
      const shown = checks.find(
        ({ what, seen, expected, requirement }) =>
          requirement === 'survives-removal' ||
          // A driver that returns another error has noticed that the device is gone.
          (requirement === 'refuses-absent-device' && !what.startsWith('errors of ') && !isRefused) ||
          (named('resumeError').test(what) && seen === 'none') ||
          showsOnes(seen, expected) ||
          (/^errno .*without the device/.test(what) && seen === '0') ||
          (/all ones|\btime without the device/.test(what) && /^-?\d+(?:\.\d+)?$/.test(seen) && seen !== '0'),
      );
      const reason = reasons.find((text) => {
        const [expected = '', seen = ''] = text.split(', seen ');
        return showsOnes(seen, expected);
      });
      if (shown === undefined && reason === undefined) return [];
      const before = gone.filter(({ seq }) => seq < (shown?.seq ?? Number.POSITIVE_INFINITY)).slice(-2);
      return shown === undefined ? before : [...before, shown];
    },
  },
  'waits-for-absent-device': {
    sentence: 'The driver waits for a register of an absent device to change, which it never does.',
    change: 'End the wait if the register reads as all ones, and after a second at the latest.',
    requirement: 'survives-removal',
    find: ({ trace, reasons }) => {
      const reason = reasons.find((line) => /^no (?:answer|end)\b.* within /.test(line));
      const last = trace.filter(({ kind }) => kind === 'bar-read' || kind === 'bar-write').slice(-manyReads);
      const [first] = last;
      const isWait = last.every(
        (event) =>
          event.kind === 'bar-read' &&
          event.absent === true &&
          first?.kind === 'bar-read' &&
          event.offset === first.offset,
      );
      return reason === undefined || last.length < manyReads || !isWait
        ? []
        : [...last.slice(-2), firstLine(reason)];
    },
  },
  'absent-status-reported': {
    sentence: 'The transport reports 0xff as the status of a device that has gone.',
    change: 'In the get_status operation, return 0 if the status (8 bits, BAR0 offset 18) reads as 0xff.',
    requirement: 'reports-absent-status',
    find: (facts) => {
      const warning = [...facts.dmesg, ...linesOf(facts)].find((line) => coreWarns.test(line));
      const last = facts.trace.findLast(isStatusGone);
      return warning !== undefined && last !== undefined ? [last, warning] : [];
    },
  },
  'memory-leaked': leak(
    // The second form is the one of kmemleak.
    { what: /^allocations .*not freed/, log: /^unreferenced object (?:\S+ )?0x[0-9a-f]+ \(size \d+\):$/ },
    {
      sentence: 'The driver leaks memory: an allocation is never freed.',
      change:
        'Free it on each path. The line below, or the backtrace in dmesg.txt, names the function that allocated it.',
    },
  ),
  'interrupt-not-freed': leak(
    {
      seen: /interrupt handler/,
      log: /Trying to free already-free IRQ|remove_proc_entry: removing non-empty directory 'irq/,
    },
    {
      sentence: 'The driver does not free its interrupt handler, or frees it twice.',
      change: 'Call free_irq() once, in remove and on each error path of probe after request_irq().',
    },
  ),
  'range-not-released': leak(
    {
      seen: /I\/O range/,
      log: /Trying to free nonexistent resource|can't reserve \[io|\br_show\+0x/,
      alsoWithoutMemory: /can't reserve \[io/,
    },
    {
      sentence: 'The driver does not release the I/O range of BAR0, or releases it twice.',
      change:
        'Call pci_release_region() once for each success of pci_request_region(): in remove, or on an error path of probe.',
    },
  ),
  'work-queue-not-destroyed': leak(
    { seen: /kernel thread \(?kworker/ },
    {
      sentence: 'The work queue of the driver is not destroyed.',
      change: 'Call destroy_workqueue() in remove, when no work can be queued any more.',
    },
  ),
  'sysfs-entry-left': leak(
    { seen: /(?:^|, )\/sys\/devices\// },
    {
      sentence: 'What the driver has added to the PCI function in sysfs is still there.',
      change:
        'Undo in remove what has added the entry, such as device_init_wakeup() or sysfs_create_group().',
    },
  ),
  'interrupt-wakes-guest': leak(
    { seen: /interrupt that wakes the guest up/ },
    {
      sentence: 'After the driver has gone, its interrupt line can still wake the guest up.',
      change:
        'Call disable_irq_wake() once for each enable_irq_wake(), or neither: no command has to wake the guest.',
    },
  ),
  'reference-kept': leak(
    { what: /^references to the PCI function/ },
    {
      sentence: 'The driver keeps a reference to the PCI function, so the kernel never frees it.',
      change: 'Call pci_dev_put() or put_device() once for each pci_dev_get() or get_device(), on each path.',
    },
  ),
  'device-left-enabled': leak(
    { seen: /enable count [1-9]\d{0,4}\b/ },
    {
      sentence: 'The PCI function is not disabled as often as it was enabled.',
      change:
        'Call pci_disable_device() in remove and on each error path of probe after pci_enable_device().',
    },
  ),
  'device-disabled-too-often': leak(
    // The kernel shows a count below 0 as an unsigned number of 32 bits.
    { seen: /enable count 42949\d{5}\b/, log: /disabling already-disabled device/ },
    {
      sentence: 'The PCI function is disabled more often than it was enabled.',
      change:
        'Return the error of pci_enable_device() from probe, and call pci_disable_device() once for each success.',
    },
  ),
  'accesses-after-remove': checkCause(
    {
      what: /^accesses without a driver/,
      besides: ({ seq }, { trace }) =>
        trace.filter((event) => event.kind === 'bar-read' && event.seq < seq).slice(-2),
    },
    {
      sentence: 'The device is still accessed after the driver was removed: a timer or work item still runs.',
      change: 'Cancel it with cancel_delayed_work_sync() or timer_delete_sync() before remove returns.',
      requirement: 'silent-when-gone',
    },
  ),
} as const satisfies Readonly<Record<string, Cause>>;
