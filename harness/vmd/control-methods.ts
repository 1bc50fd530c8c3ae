// The methods of the control socket of a device.

import { boolean, integer, oneOf, optional, string } from '../base/schema.js';
import type { Trace } from '../base/trace.js';
import { traceKinds } from '../base/trace-event.js';
import { type ClockHolder, parseClock } from '../vmmci/clock.js';
import { requests } from '../vmmci/commands.js';
import type { Vmmci } from '../vmmci/device.js';
import { formatInstant } from '../vmmci/instant.js';
import { type Method, type MethodTable, method } from './control.js';
import type { Host } from './host.js';

/** The part of `state` that is about the PCI function, if there is one. */
export interface FunctionState {
  readonly isr: number;
  readonly line: 'high' | 'low';
  /** The number of interrupts signalled to the guest. */
  readonly interrupts: number;
}

export interface ControlOptions {
  readonly device: Pick<Vmmci, 'state'>;
  readonly host: Pick<Host, 'state' | 'stop' | 'stopService' | 'command' | 'pause' | 'unpause'>;
  readonly clock: ClockHolder;
  readonly trace: Pick<Trace, 'since' | 'mark'>;
  /** The host's clock in microseconds since the epoch. */
  readonly hostNow: () => bigint;
  readonly function?: () => FunctionState;
}

/** The limit for the number of events in a reply. */
const maxEvents = 10_000;

const none = {};

/** `state` always has the same fields; they are null if that part is in another process. */
const noFunction = { isr: null, line: null, interrupts: null } as const;
const noDevice = { command: null, timers: null, acks: null, lastSample: null, clock: null } as const;

/** The reply continues with `since: next`; `more` is true if there are more events already. */
const traceMethod = (trace: ControlOptions['trace']): Method =>
  method({
    params: {
      since: optional(integer(0, Number.MAX_SAFE_INTEGER)),
      kind: optional(oneOf(traceKinds)),
      limit: optional(integer(1, maxEvents)),
    },
    run: ({ since = 0, kind, limit = maxEvents }) => {
      const found = trace.since(since, kind);
      const events = found.slice(0, limit);
      const more = events.length < found.length;
      return { events, next: more ? (events.at(-1)?.seq ?? since) + 1 : trace.mark, more };
    },
  });

/** The methods of a function whose device is in somebody else's backend. */
export const functionMethods = ({
  trace,
  function: state,
}: Pick<ControlOptions, 'trace'> & { readonly function: () => FunctionState }): MethodTable => ({
  state: method({ params: none, run: () => ({ ...noDevice, ...state() }) }),
  trace: traceMethod(trace),
});

/**
 * The methods of one device. Results are plain data. The time of the last sample is ISO 8601, null before the
 * first.
 */
export const controlMethods = ({
  device,
  host,
  clock,
  trace,
  hostNow,
  ...rest
}: ControlOptions): MethodTable => ({
  state: method({
    params: none,
    run: () => {
      const { lastSample, ...state } = device.state();
      return {
        ...state,
        ...(rest.function?.() ?? noFunction),
        ...host.state(),
        lastSample: lastSample === null ? null : formatInstant(lastSample),
        clock: clock.spec,
      };
    },
  }),
  command: method({
    params: { name: oneOf(requests) },
    run: ({ name }) => ({ result: host.command(name) }),
  }),
  clock: method({
    params: { spec: string },
    run: ({ spec }) => {
      clock.set(parseClock(spec, hostNow, 'clock'));
      return { clock: clock.spec };
    },
  }),
  stop: method({
    params: { force: optional(boolean) },
    run: ({ force = false }) => ({ result: host.stop({ force }) }),
  }),
  'stop-service': method({
    params: none,
    run: () => ({ result: host.stopService() }),
  }),
  pause: method({
    params: none,
    run: () => {
      host.pause();
      return host.state();
    },
  }),
  unpause: method({
    params: none,
    run: () => {
      host.unpause();
      return host.state();
    },
  }),
  trace: traceMethod(trace),
});
