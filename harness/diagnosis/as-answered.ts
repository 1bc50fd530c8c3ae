// The trace as the guest saw it: reads that a fault answered have the value of the fault.

import type { TraceEvent } from '../base/trace-event.js';

/** Returns the events in the same order; a read that a fault answered has the value that the guest got. */
export const asAnswered = (trace: readonly TraceEvent[]): TraceEvent[] => {
  let value: number | undefined;
  return trace.map((event) => {
    if (event.kind === 'fault') value = event.value;
    if (event.kind !== 'bar-read' || value === undefined) return event;
    const answered = { ...event, value };
    value = undefined;
    return answered;
  });
};
