// Causes that are visible in how the driver handles the device's interrupts.

import { firstLine } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import { ISR_CONFIG, registers } from '../../vmmci/registers.js';
import { named } from '../check-names.js';
import { checkCause } from './check-cause.js';
import {
  inExchange,
  isBeforeSleep,
  isCommandRead,
  isDown,
  isExit,
  isRead,
  isRemoval,
  isSignal,
  isUp,
  partsOf,
  reads,
  second,
  sleeps,
} from './events.js';
import type { Access, Cause, Facts } from './facts.js';

const { isr } = registers;

const covers = ({ offset, width }: Access, at: number): boolean => offset <= at && at < offset + width;

/** Time in microseconds within which a handler, and the work that it queues, has certainly run. */
const soon = 100_000;
/** The same time if the access could also be a poll. */
const atOnce = 5_000;

/** Offset of the PCI command register, and its bit that turns INTx off. */
const COMMAND = 0x04;
const COMMAND_INTX_DISABLE = 0x400;

/** True if the event turns INTx on, false if it turns it off, undefined if it does not write that bit. */
const intxOf = (event: TraceEvent): boolean | undefined => {
  if (event.kind !== 'config-write' || event.value === undefined) return undefined;
  if (event.offset === COMMAND && event.width >= 2) return (event.value & COMMAND_INTX_DISABLE) === 0;
  return event.offset === COMMAND + 1 && event.width === 1
    ? (event.value & (COMMAND_INTX_DISABLE >> 8)) === 0
    : undefined;
};

const linesRepeat = /^livelock: \d+ repeated lines of the kernel log/;

/** Matches the reason of a scenario that says in which function a processor was. */
const isBusy = /; CPU \d+ in /;

interface Served {
  readonly signal: TraceEvent<'interrupt'>;
  /** The events until the next interrupt, a reset of the device or the removal of the driver. */
  readonly after: readonly TraceEvent[];
}

/** The interrupts that reach the guest while the driver is up. */
export const signals = ({ trace }: Pick<Facts, 'trace'>): Served[] => {
  let on = true;
  let up = false;
  const reaches = (event: TraceEvent): event is TraceEvent<'interrupt'> => {
    on = intxOf(event) ?? on;
    if (isUp(event)) up = true;
    if (isDown(event) || isRemoval(event)) up = false;
    return isSignal(event) && on && up;
  };
  const ends = (event: TraceEvent): boolean => isSignal(event) || isDown(event);
  return partsOf(trace, reaches, ends).map(({ start, events }) => ({ signal: start, after: events }));
};

const readsIsr = (facts: Facts, { after }: Served): boolean =>
  reads({ ...facts, accesses: after.filter((event) => event.kind === 'bar-read') }).some((access) =>
    covers(access, isr.offset),
  );

const accessIn = ({ after }: Served): TraceEvent | undefined =>
  after.find((event) => event.kind === 'bar-read' || event.kind === 'bar-write');

/** Matches a read of the ISR with the config bit set. All ones are from an absent device and do not match. */
const announcesChange = (event: TraceEvent): boolean => isRead(event, 'isr') && event.value === ISR_CONFIG;

/** True if the command was sent at the write of DRIVER_OK, before any other access of the guest. */
const isOnDriverOk = ({ trace }: Facts, up: TraceEvent, sent: TraceEvent): boolean =>
  !trace.some(
    ({ kind, seq }) =>
      seq > up.seq && seq < sent.seq && (kind === 'bar-read' || kind === 'bar-write' || kind === 'shell'),
  );

/** More accesses than a handler and the work that it queues need for one interrupt. */
const ofOneInterrupt = 10;

/** True if the driver loops for ever, maybe with interrupts disabled: then its handler cannot run. */
const loops = ({ reasons, trace, accesses }: Facts): boolean => {
  if (!reasons.some((reason) => /^livelock: \d+ (?!interrupts)/.test(reason))) return false;
  const last = accesses.slice(-ofOneInterrupt);
  // A handler reads something. QEMU raises the line again at an access, also while no handler can run.
  if (last.length === ofOneInterrupt && last.every(({ kind }) => kind === 'bar-write')) return true;
  const from = last[0]?.seq ?? 0;
  return !trace.some((event) => isSignal(event) && event.seq > from);
};

export const interruptCauses = {
  'isr-never-read': {
    sentence: 'The interrupt handler never reads the ISR, so the interrupt is never deasserted.',
    change:
      'Read the ISR (8 bits, BAR0 offset 19) first in the interrupt handler. If its bit 1 is set, read the command (BAR0 offset 20).',
    hosts: 'OpenBSD 8.0 and later: there the interrupt repeats forever; earlier hosts interrupt once',
    requirement: 'reads-isr',
    find: (facts) => {
      const served = loops(facts) ? [] : signals(facts);
      const [first, next] = served;
      if (first === undefined || served.some((each) => readsIsr(facts, each))) return [];
      const readAfter = ({ signal, after }: Served, within: number): TraceEvent | undefined =>
        after.find((event) => isCommandRead(event) && event.at - signal.at < within);
      const reads = served.flatMap((each) => readAfter(each, next === undefined ? atOnce : soon) ?? []);
      const [read] = reads;
      if (read !== undefined) return [first.signal, ...(next === undefined ? [] : [next.signal]), read];
      const storm = facts.reasons.find((reason) => /^livelock: \d+ interrupts/.test(reason));
      return storm === undefined || next === undefined ? [] : [first.signal, next.signal, firstLine(storm)];
    },
  },
  'handler-reads-nothing': {
    sentence:
      'The interrupt handler reads neither the ISR nor the command, so the interrupt repeats forever.',
    change:
      'Read the ISR (8 bits, BAR0 offset 19) first in the interrupt handler. If its bit 1 is set, read the command (BAR0 offset 20).',
    requirement: 'reads-isr',
    find: (facts) => {
      const storm = facts.reasons.find((reason) => linesRepeat.test(reason));
      const last = signals(facts).at(-1);
      const line = last?.after.find(({ kind }) => kind === 'console');
      if (storm === undefined || last === undefined || line === undefined) return [];
      // Other work may access the device meanwhile.
      const before = last.after.slice(0, last.after.indexOf(line));
      const isSilent = !readsIsr(facts, { ...last, after: before }) && !before.some(isCommandRead);
      return isSilent && line.at - last.signal.at < second / 2 ? [last.signal, line, firstLine(storm)] : [];
    },
  },
  'isr-read-wide': {
    sentence: 'The driver reads the ISR together with neighbouring registers.',
    change:
      'Read the ISR with one 8-bit access to BAR0 offset 19: vmd looks only at the offset where an access starts.',
    requirement: 'register-widths',
    find: (facts) => {
      const all = reads(facts).filter((access) => covers(access, isr.offset));
      const isPlain = ({ offset, width }: Access): boolean => offset === isr.offset && width === 1;
      // A driver that reads the ISR correctly reads the status with a wrong width.
      const ofStatus = ({ offset }: Access): boolean =>
        offset === registers.status.offset && all.some(isPlain);
      return all.filter((access) => !isPlain(access) && !ofStatus(access)).slice(0, 3);
    },
  },
  'command-read-before-isr': {
    sentence: 'The interrupt handler reads the command before the ISR, also for interrupts of other devices.',
    change:
      'Read the ISR (8 bits, BAR0 offset 19) first, and the command (BAR0 offset 20) if its bit 1 is set.',
    requirement: 'reads-isr',
    explains: ['reads-isr', 'keeps-transcript', 'claims-own-interrupts', 'no-needless-accesses'],
    find: (facts) => {
      const served = signals(facts).filter((each) => readsIsr(facts, each));
      const early = served.flatMap(({ signal, after }) => {
        const isr = after.find((event) => isRead(event, 'isr'));
        const read = after.find(isCommandRead);
        return isr !== undefined && read !== undefined && read.seq < isr.seq ? [[signal, read, isr]] : [];
      });
      // One of them could be a poll.
      return early.length >= 2 && early.length === served.length ? (early[0] ?? []) : [];
    },
  },
  'interrupt-has-no-handler': {
    sentence: 'The driver does nothing after an interrupt: it has no interrupt handler.',
    change:
      'Call request_irq() with IRQF_SHARED before the virtio device is registered, and read the ISR (BAR0 offset 19) in the handler.',
    requirement: 'reads-isr',
    find: (facts) => {
      const served = signals(facts);
      const [first] = served;
      if (first === undefined || served.some((each) => readsIsr(facts, each))) return [];
      // A guest without a handler has nothing to do.
      if (facts.reasons.some((reason) => linesRepeat.test(reason) || isBusy.test(reason))) return [];
      const silent = served.every((each) => {
        const access = accessIn(each);
        return access === undefined || access.at - each.signal.at > soon;
      });
      const last = first.after.at(-1);
      const waited = last !== undefined && last.at - first.signal.at > second;
      return silent && waited ? [first.signal, accessIn(first) ?? last] : [];
    },
  },
  'interrupt-line-stays-disabled': {
    sentence: 'The interrupt handler runs for earlier interrupts, and never again: the line stays disabled.',
    change:
      'Call enable_irq() once for each disable_irq(), and return from a threaded handler: the line is disabled until then.',
    requirement: 'acknowledges-in-time',
    explains: ['acknowledges', 'acknowledges-in-time', 'reads-isr'],
    find: (facts) => {
      const served = signals(facts);
      const last = served.findLastIndex((each) => readsIsr(facts, each));
      const next = served[last + 1];
      const before = served[last];
      if (before === undefined || next === undefined) return [];
      if (facts.reasons.some((reason) => linesRepeat.test(reason) || isBusy.test(reason))) return [];
      const end = next.after.at(-1);
      const waited = end !== undefined && end.at - next.signal.at > second;
      const isDisturbed = isBeforeSleep(facts, next.signal) || sleeps(next.after) || next.after.some(isExit);
      const isr = before.after.find((event) => isRead(event, 'isr')) ?? before.signal;
      return waited && !isDisturbed ? [isr, next.signal, end] : [];
    },
  },
  'interrupt-not-acted-on': {
    sentence: 'The interrupt handler reads the ISR, but the driver does not read the command in time.',
    change: 'If bit 1 of the ISR (BAR0 offset 19) is set, read the command (BAR0 offset 20) in the handler.',
    requirement: 'acknowledges-in-time',
    explains: ['acknowledges', 'acknowledges-in-time', 'sets-clock', 'goes-down', 'reads-isr'],
    find: (facts) =>
      inExchange(facts, ({ sent, events }) => {
        const served = events.find(announcesChange);
        if (served === undefined || isBeforeSleep(facts, served)) return undefined;
        // A command at the write of DRIVER_OK is a different cause.
        const up = facts.trace.findLast((event) => isUp(event) && event.seq < sent.seq);
        if (up !== undefined && isOnDriverOk(facts, up, sent)) return undefined;
        const hasRead = events.some((event) => isCommandRead(event) && event.seq > served.seq);
        const waited = (events.at(-1)?.at ?? 0) - served.at > second;
        return hasRead || !waited ? undefined : [served];
      }),
  },
  'isr-compared-as-a-whole': {
    sentence: 'The interrupt handler ignores a command if another bit of the ISR is set as well.',
    change: 'Test only bit 1 of the ISR (BAR0 offset 19): (isr & 2) != 0.',
    requirement: 'reads-isr',
    explains: ['acknowledges', 'acknowledges-in-time', 'reads-isr'],
    find: (facts) =>
      inExchange(facts, ({ events }) => {
        const served = events.find(
          (event) => isRead(event, 'isr') && (event.value & ISR_CONFIG) !== 0 && event.value < 0xff,
        );
        if (served?.kind !== 'bar-read' || served.value === ISR_CONFIG) return undefined;
        if (isBeforeSleep(facts, served)) return undefined;
        const hasRead = events.some((event) => isCommandRead(event) && event.seq > served.seq);
        const waited = (events.at(-1)?.at ?? 0) - served.at > second;
        return hasRead || !waited ? undefined : [served];
      }),
  },
  'interrupt-lost-while-coming-up': {
    sentence: 'The driver ignores an interrupt right after DRIVER_OK: it reads the ISR, but not the command.',
    change:
      'Make the handler ready for config changes before DRIVER_OK is written to the status (BAR0 offset 18).',
    requirement: 'acknowledges-in-time',
    explains: ['acknowledges', 'acknowledges-in-time'],
    find: (facts) =>
      inExchange(facts, ({ sent, events }) => {
        const up = facts.trace.findLast((event) => isUp(event) && event.seq < sent.seq);
        if (up === undefined || !isOnDriverOk(facts, up, sent)) return undefined;
        const served = events.find(announcesChange);
        if (served === undefined || isBeforeSleep(facts, served)) return undefined;
        const hasRead = events.some((event) => isCommandRead(event) && event.seq > served.seq);
        const waited = (events.at(-1)?.at ?? 0) - served.at > second;
        return hasRead || !waited ? undefined : [up, served];
      }),
  },
  'foreign-interrupt-claimed': checkCause(
    { what: /^unhandled interrupts, the ISR reading 0/, seen: /^0$/ },
    {
      sentence:
        'The interrupt handler claims interrupts of other devices on the line, for which the ISR reads as 0.',
      change: 'Return IRQ_NONE if the ISR (BAR0 offset 19) reads as 0.',
      requirement: 'claims-own-interrupts',
    },
  ),
  'own-interrupt-not-claimed': checkCause(
    { what: /^unhandled interrupts(?:, the ISR reading 1)?$/, seen: /^[1-9]\d*$/ },
    {
      sentence: 'The interrupt handler returns IRQ_NONE for an interrupt of its own device.',
      change: 'Return IRQ_HANDLED if the ISR (BAR0 offset 19) does not read as 0.',
      requirement: 'claims-own-interrupts',
    },
  ),
  'queue-bit-taken-for-change': checkCause(
    { what: named('accessesOfQueueInterrupt'), seen: /^read command/ },
    {
      sentence:
        'The interrupt handler takes bit 0 of the ISR, which is for queues, for a change of the configuration.',
      change: 'Look at the command only if bit 1 of the ISR (BAR0 offset 19) is set.',
      requirement: 'no-needless-accesses',
    },
  ),
} as const satisfies Readonly<Record<string, Cause>>;
