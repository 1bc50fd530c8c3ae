// Common questions of causes about a trace: kinds of events, and the parts of the trace in which they are.

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

/** Matches a read of the command register. */
export const isCommandRead = (event: TraceEvent): event is Read => isRead(event, 'command');

/** Matches a write to the command register. */
export const isAck = (event: TraceEvent): event is Write => isWrite(event, 'command');

export const isSent = (event: TraceEvent): event is TraceEvent<'command'> =>
  event.kind === 'command' && event.result === 'sent';

/** Matches an interrupt that reached the guest. */
export const isSignal = (event: TraceEvent): event is TraceEvent<'interrupt'> =>
  event.kind === 'interrupt' && event.signalled === true;

export const isUp = (event: TraceEvent): event is TraceEvent<'status'> =>
  event.kind === 'status' && (event.value & status.DRIVER_OK) !== 0;

/** Matches a reset of the device, or a driver that was removed. */
export const isDown = (event: TraceEvent): event is TraceEvent<'reset' | 'status'> =>
  event.kind === 'reset' || (event.kind === 'status' && event.value === 0);

/** Matches a command of the shell that has removed the driver. It may have left DRIVER_OK set. */
export const isRemoval = (event: TraceEvent): boolean =>
  event.kind === 'shell' && event.status === 0 && /^unload\b|\/unbind$/.test(event.command);

export const reads = ({ accesses }: Facts): Access[] => accesses.filter(({ kind }) => kind === 'bar-read');
export const writes = ({ accesses }: Facts): Access[] => accesses.filter(({ kind }) => kind === 'bar-write');

/** True if the guest went to sleep or woke up, by an event of QEMU or a command of the shell. */
export const sleeps = (events: readonly TraceEvent[]): boolean =>
  events.some(
    (event) =>
      (event.kind === 'qmp-event' && (event.event === 'SUSPEND' || event.event === 'WAKEUP')) ||
      (event.kind === 'shell' && /\/sys\/power\//.test(event.command)),
  );

/**
 * True if the guest goes to sleep after the event, or while it happens: then the virtio core holds back a
 * change, and the kernel starts no programs, until the guest wakes up.
 */
export const isBeforeSleep = ({ trace }: Pick<Facts, 'trace'>, { seq }: TraceEvent): boolean => {
  const next = trace.find((event) => event.seq > seq && event.kind === 'shell');
  return next !== undefined && sleeps([next]);
};

/** Matches the end of a guest that went down by itself. */
export const isExit = (event: TraceEvent): event is TraceEvent<'guest-exit'> => event.kind === 'guest-exit';

/** Returns the events until the host sends the next command. */
export const untilSent = (events: readonly TraceEvent[]): readonly TraceEvent[] => {
  const end = events.findIndex(isSent);
  return end === -1 ? events : events.slice(0, end);
};

/**
 * A command of the host, and the events until the next one, a reset of the device or the removal of the
 * driver. The guest may have gone down at the end.
 */
export interface Exchange {
  readonly sent: TraceEvent<'command'>;
  readonly events: readonly TraceEvent[];
}

/**
 * Splits the trace: a part begins at each event that matches `starts` and ends at the next one or at `ends`.
 */
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

export const exchangesOf = ({ trace }: Pick<Facts, 'trace'>): Exchange[] => {
  // The virtio core may reset the device while the guest goes down.
  const exit = trace.findLast(isExit)?.seq ?? -1;
  const lastUp = trace.findLast(isUp)?.seq ?? -1;
  const ends = (event: TraceEvent): boolean => isDown(event) && !(event.seq > lastUp && event.seq < exit);
  return partsOf(trace, isSent, ends).map(({ start, events }) => ({ sent: start, events }));
};

/** Returns the command and the finding of the first exchange for which `find` returns one. */
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

/**
 * Returns the first event that matches `starts` for which `find` returns a finding, and that finding. `find`
 * gets the events after it.
 */
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
