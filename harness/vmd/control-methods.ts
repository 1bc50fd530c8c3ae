// What the control socket of a device offers.

import type { Trace } from '../base/trace.js';
import { traceKinds } from '../base/trace-event.js';
import { type ClockHolder, parseClock } from '../vmmci/clock.js';
import { requests } from '../vmmci/commands.js';
import type { Vmmci } from '../vmmci/device.js';
import { formatInstant } from '../vmmci/instant.js';
import { type Method, type MethodTable, method } from './control.js';
import type { Host } from './host.js';
import { flag, integer, oneOf, optional, text } from './params.js';

/** What `state` tells of the PCI function, where there is one. */
export interface FunctionState {
  readonly isr: number;
  readonly line: 'high' | 'low';
  /** Interrupts signalled to the guest. */
  readonly interrupts: number;
}

export interface ControlOptions {
  readonly device: Pick<Vmmci, 'state'>;
  readonly host: Pick<Host, 'state' | 'stop' | 'stopService' | 'command' | 'pause' | 'unpause'>;
  readonly clock: ClockHolder;
  readonly trace: Pick<Trace, 'since' | 'mark'>;
  /** The host's clock, microseconds since the epoch. */
  readonly hostNow: () => bigint;
  readonly function?: () => FunctionState;
}

/** Events in one reply at most, so that a reply stays within bounds. */
const EVENTS = 10_000;

const none = {};

/** `state` has the same members whatever serves it: null where that part is in another process. */
const noFunction = { isr: null, line: null, interrupts: null } as const;
const noDevice = { command: null, timers: null, acks: null, lastSample: null, clock: null } as const;

/** `next` is what to give as `since` to go on from here; `more` says that there is more already. */
const traceMethod = (trace: ControlOptions['trace']): Method =>
  method({
    params: {
      since: optional(integer(0, Number.MAX_SAFE_INTEGER), 0),
      kind: optional(oneOf(traceKinds), undefined),
      limit: optional(integer(1, EVENTS), EVENTS),
    },
    run: ({ since, kind, limit }) => {
      const found = trace.since(since, kind);
      const events = found.slice(0, limit);
      const more = events.length < found.length;
      return { events, next: more ? (events.at(-1)?.seq ?? since) + 1 : trace.mark, more };
    },
  });

/** The table for a function whose device is behind a backend of somebody else's. */
export const functionMethods = ({
  trace,
  function: state,
}: Pick<ControlOptions, 'trace'> & { readonly function: () => FunctionState }): MethodTable => ({
  state: method({ params: none, run: () => ({ ...noDevice, ...state() }) }),
  trace: traceMethod(trace),
});

/**
 * The table for one device. Results are plain data; the time of the last sample is ISO-8601, null before the
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
    params: { spec: text },
    run: ({ spec }) => {
      clock.set(parseClock(spec, hostNow, 'clock'));
      return { clock: clock.spec };
    },
  }),
  stop: method({
    params: { force: optional(flag, false) },
    run: ({ force }) => ({ result: host.stop({ force }) }),
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
