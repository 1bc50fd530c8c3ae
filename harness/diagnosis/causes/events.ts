// What causes ask of a trace again and again: kinds of accesses, and the stretches of time that they lie in.

import type { TraceEvent } from '../../base/trace-event.js';
import { type RegisterName, registers, status } from '../../vmmci/registers.js';
import type { Access, Facts } from './facts.js';

export type Read = TraceEvent<'bar-read'>;
export type Write = TraceEvent<'bar-write'>;

export const second = 1_000_000; // microseconds, as `at` counts

export const isRead = (event: TraceEvent, register: RegisterName): event is Read =>
  event.kind === 'bar-read' && event.offset === registers[register].offset && !event.absent;

export const isWrite = (event: TraceEvent, register: RegisterName): event is Write =>
  event.kind === 'bar-write' && event.offset === registers[register].offset && !event.absent;

/** A look at the command register. */
export const isLook = (event: TraceEvent): event is Read => isRead(event, 'command');

/** A write to the command register. */
export const isAck = (event: TraceEvent): event is Write => isWrite(event, 'command');

export const isSent = (event: TraceEvent): event is TraceEvent<'command'> =>
  event.kind === 'command' && event.result === 'sent';

/** The guest was interrupted. */
export const isSignal = (event: TraceEvent): event is TraceEvent<'interrupt'> =>
  event.kind === 'interrupt' && event.signalled === true;

export const isUp = (event: TraceEvent): event is TraceEvent<'status'> =>
  event.kind === 'status' && (event.value & status.DRIVER_OK) !== 0;

/** The device was reset, or its driver is gone. */
export const isDown = (event: TraceEvent): event is TraceEvent<'reset' | 'status'> =>
  event.kind === 'reset' || (event.kind === 'status' && event.value === 0);

export const reads = ({ accesses }: Facts): Access[] => accesses.filter(({ kind }) => kind === 'bar-read');
export const writes = ({ accesses }: Facts): Access[] => accesses.filter(({ kind }) => kind === 'bar-write');

/** Whether the guest went to sleep or woke: QEMU says so, or the shell was asked for it. */
export const sleeps = (events: readonly TraceEvent[]): boolean =>
  events.some(
    (event) =>
      (event.kind === 'qmp-event' && (event.event === 'SUSPEND' || event.event === 'WAKEUP')) ||
      (event.kind === 'shell' && /\/sys\/power\//.test(event.command)),
  );

/** The guest went down by itself. */
export const isExit = (event: TraceEvent): event is TraceEvent<'guest-exit'> => event.kind === 'guest-exit';

/** The events until the host sends the next command. */
export const untilSent = (events: readonly TraceEvent[]): readonly TraceEvent[] => {
  const end = events.findIndex(isSent);
  return end === -1 ? events : events.slice(0, end);
};

/** A command of the host that was sent, and everything until the next one, or until the driver is reset or gone. */
export interface Exchange {
  readonly sent: TraceEvent<'command'>;
  readonly events: readonly TraceEvent[];
}

/** Cuts the trace at each event that `starts`; a part ends with the next start, or where `ends` says so. */
export const partsOf = <Start extends TraceEvent>(
  trace: readonly TraceEvent[],
  starts: (event: TraceEvent) => event is Start,
  ends: (event: TraceEvent) => boolean,
): { start: Start; events: TraceEvent[] }[] => {
  const parts: { start: Start; events: TraceEvent[] }[] = [];
  let open: TraceEvent[] | undefined;
  for (const event of trace) {
    if (starts(event)) {
      open = [];
      parts.push({ start: event, events: open });
    } else if (ends(event)) open = undefined;
    else open?.push(event);
  }
  return parts;
};

export const exchangesOf = ({ trace }: Pick<Facts, 'trace'>): Exchange[] =>
  partsOf(trace, isSent, isDown).map(({ start, events }) => ({ sent: start, events }));

/** The first exchange in which `find` finds something. */
export const inExchange = (
  facts: Facts,
  find: (exchange: Exchange) => readonly (TraceEvent | undefined)[] | undefined,
): TraceEvent[] => {
  for (const exchange of exchangesOf(facts)) {
    const found = find(exchange);
    if (found !== undefined) return [exchange.sent, ...found].filter((event) => event !== undefined);
  }
  return [];
};

/** The first event of the trace for which `find` finds something; it is given what comes after that event. */
export const following = <Kind extends TraceEvent>(
  { trace }: Pick<Facts, 'trace'>,
  starts: (event: TraceEvent) => event is Kind,
  find: (start: Kind, after: readonly TraceEvent[]) => readonly (TraceEvent | undefined)[] | undefined,
): TraceEvent[] => {
  for (const [index, event] of trace.entries()) {
    const found = starts(event) ? find(event, trace.slice(index + 1)) : undefined;
    if (found !== undefined) return [event, ...found].filter((event) => event !== undefined);
  }
  return [];
};
