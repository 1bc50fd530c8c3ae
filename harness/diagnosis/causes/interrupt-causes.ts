// Causes that show in how the driver serves the device's interrupts.

import type { TraceEvent } from '../../base/trace-event.js';
import { ISR_CONFIG, registers } from '../../vmmci/registers.js';
import { checkCause } from './check-cause.js';
import { inExchange, isDown, isLook, isRead, isSignal, isUp, partsOf, reads, second } from './events.js';
import type { Access, Cause, Facts } from './facts.js';

const { isr } = registers;

const covers = ({ offset, width }: Access, at: number): boolean => offset <= at && at < offset + width;

/** In microseconds: a handler runs long before this, and work that it has queued as well. */
const soon = 100_000;
/** The same where a look of the polling timer could be meant. */
const atOnce = 5_000;

const intxOff = 0x400;

/** Writes to the PCI command register that turn INTx on or off. */
const intxOf = (event: TraceEvent): boolean | undefined => {
  if (event.kind !== 'config-write' || event.value === undefined) return undefined;
  if (event.offset === 4 && event.width >= 2) return (event.value & intxOff) === 0;
  return event.offset === 5 && event.width === 1 ? (event.value & (intxOff >> 8)) === 0 : undefined;
};

interface Served {
  readonly signal: TraceEvent<'interrupt'>;
  /** What comes until the next interrupt, or until the driver is reset or gone. */
  readonly after: readonly TraceEvent[];
}

/** Interrupts that reach the guest while the driver is up. */
const signals = ({ trace }: Pick<Facts, 'trace'>): Served[] => {
  let on = true;
  let up = false;
  const reaches = (event: TraceEvent): event is TraceEvent<'interrupt'> => {
    on = intxOf(event) ?? on;
    if (isUp(event)) up = true;
    if (isDown(event)) up = false;
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

/** A read of the ISR that says that the config area has changed; all ones are those of an absent device. */
const announcesChange = (event: TraceEvent): boolean => isRead(event, 'isr') && event.value === ISR_CONFIG;

/** Whether the command came on the write of DRIVER_OK, before the guest did anything else. */
const isOnDriverOk = ({ trace }: Facts, up: TraceEvent, sent: TraceEvent): boolean =>
  !trace.some(
    ({ kind, seq }) =>
      seq > up.seq && seq < sent.seq && (kind === 'bar-read' || kind === 'bar-write' || kind === 'shell'),
  );

export const interruptCauses = {
  'isr-never-read': {
    sentence: 'The interrupt handler never reads the ISR, so the interrupt is never taken back.',
    change: 'Read the ISR (8 bits at BAR0 offset 19) first thing in the interrupt handler, and act on bit 1.',
    hosts: 'OpenBSD 8.0 and later: there the interrupt repeats for ever; earlier hosts interrupt once',
    requirement: 'reads-isr',
    find: (facts) => {
      const served = signals(facts);
      const [first, next] = served;
      if (first === undefined || served.some((each) => readsIsr(facts, each))) return [];
      const lookOf = ({ signal, after }: Served, within: number): TraceEvent | undefined =>
        after.find((event) => isLook(event) && event.at - signal.at < within);
      const looks = served.flatMap((each) => lookOf(each, next === undefined ? atOnce : soon) ?? []);
      const [look] = looks;
      return look === undefined ? [] : [first.signal, ...(next === undefined ? [] : [next.signal]), look];
    },
  },
  'isr-read-wide': {
    sentence: 'The ISR is read together with its neighbours instead of by itself.',
    change: 'Read the ISR with 8 bits at BAR0 offset 19; a host dispatches on the offset alone.',
    requirement: 'register-widths',
    find: (facts) =>
      reads(facts)
        .filter(
          (access) => covers(access, isr.offset) && (access.offset !== isr.offset || access.width !== 1),
        )
        .slice(0, 3),
  },
  'interrupt-has-no-handler': {
    sentence: 'No interrupt is followed by an access: the driver has no handler for them.',
    change: 'Call request_irq() with IRQF_SHARED before the device is registered.',
    requirement: 'reads-isr',
    find: (facts) => {
      const served = signals(facts);
      const [first] = served;
      if (first === undefined || served.some((each) => readsIsr(facts, each))) return [];
      const silent = served.every((each) => {
        const access = accessIn(each);
        return access === undefined || access.at - each.signal.at > soon;
      });
      const last = first.after.at(-1);
      const waited = last !== undefined && last.at - first.signal.at > second;
      return silent && waited ? [first.signal, accessIn(first) ?? last] : [];
    },
  },
  'interrupt-not-acted-on': {
    sentence: 'The handler reads the ISR, and the command is not looked at in time.',
    change: 'When bit 1 of the ISR is set, read the command (BAR0 offset 20) in the handler.',
    requirement: 'acknowledges-in-time',
    explains: ['acknowledges', 'acknowledges-in-time', 'sets-clock', 'goes-down', 'reads-isr'],
    find: (facts) =>
      inExchange(facts, ({ sent, events }) => {
        const served = events.find(announcesChange);
        if (served === undefined) return undefined;
        // Where the driver came up for this very command, another cause is meant.
        const up = facts.trace.findLast((event) => isUp(event) && event.seq < sent.seq);
        if (up !== undefined && isOnDriverOk(facts, up, sent)) return undefined;
        const looked = events.some((event) => isLook(event) && event.seq > served.seq);
        const waited = (events.at(-1)?.at ?? 0) - served.at > second;
        return looked || !waited ? undefined : [served];
      }),
  },
  'interrupt-lost-while-coming-up': {
    sentence: 'An interrupt that comes right after DRIVER_OK is read from the ISR and dropped.',
    change: 'Let the handler deliver config changes before DRIVER_OK is written to the device, not after.',
    requirement: 'acknowledges-in-time',
    explains: ['acknowledges', 'acknowledges-in-time'],
    find: (facts) =>
      inExchange(facts, ({ sent, events }) => {
        const up = facts.trace.findLast((event) => isUp(event) && event.seq < sent.seq);
        if (up === undefined || !isOnDriverOk(facts, up, sent)) return undefined;
        const served = events.find(announcesChange);
        const looked = events.some((event) => isLook(event) && event.seq > (served?.seq ?? 0));
        const waited = (events.at(-1)?.at ?? 0) - (served?.at ?? 0) > second;
        return served === undefined || looked || !waited ? undefined : [up, served];
      }),
  },
  'foreign-interrupt-claimed': checkCause(
    { what: /^unhandled interrupts, the ISR reading 0/, seen: /^0$/ },
    {
      sentence:
        'The handler claims interrupts of other devices on the line: those for which the ISR reads 0.',
      change: 'Return IRQ_NONE when the ISR (BAR0 offset 19) reads 0.',
      requirement: 'claims-own-interrupts',
    },
  ),
  'own-interrupt-not-claimed': checkCause(
    { what: /^unhandled interrupts$/, seen: /^[1-9]\d*$/ },
    {
      sentence: 'The handler serves an interrupt of the device and returns that it was not for it.',
      change: 'Return IRQ_HANDLED when the ISR (BAR0 offset 19) reads as other than 0.',
      requirement: 'claims-own-interrupts',
    },
  ),
} as const satisfies Readonly<Record<string, Cause>>;
