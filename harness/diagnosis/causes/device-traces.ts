// The trace of a second device as causes read it: its own events, and those of the scenario, which only the
// first trace has.

import type { TraceEvent, TraceKind } from '../../base/trace-event.js';

const ofScenario: ReadonlySet<TraceKind> = new Set<TraceKind>([
  ...(['check', 'phase', 'shell', 'console', 'reading', 'ptp-reading'] as const),
  ...(['qmp', 'qmp-event', 'qemu-exit', 'guest-exit', 'pause', 'unpause'] as const),
]);

/** A trace whose events are numbered anew. */
export interface JoinedTrace {
  readonly trace: readonly TraceEvent[];
  /** Returns the event as its own trace has it, and whether that is the trace of the device. */
  readonly origin: (event: TraceEvent) => { readonly event: TraceEvent; readonly isOfDevice: boolean };
}

/** Joins the trace of a device with the events of the scenario in `first`. Both are on the same clock. */
export const joinTraces = (device: readonly TraceEvent[], first: readonly TraceEvent[]): JoinedTrace => {
  const own = new Set(device);
  const all = [...device, ...first.filter(({ kind }) => ofScenario.has(kind))].sort(
    (left, right) => left.at - right.at,
  );
  return {
    trace: all.map((event, seq) => ({ ...event, seq })),
    origin: ({ seq }) => {
      const event = all[seq];
      if (event === undefined) throw new RangeError(`event ${seq} of ${all.length}`);
      return { event, isOfDevice: own.has(event) };
    },
  };
};
