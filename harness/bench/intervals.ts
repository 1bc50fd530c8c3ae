// Computes the durations of reads from the trace of the function.

import type { TraceEvent } from '../base/trace.js';

export interface Read {
  /** Offset in BAR0, in bytes. */
  readonly offset: number;
  readonly us: number;
}

/**
 * The durations of the reads in sweeps over consecutive offsets, each from the function's answer to the
 * previous read until its answer to this one. They include the time in which the guest takes and stores the
 * value and makes the next access. The first read of a sweep has no previous read and is left out.
 */
export const intervals = (events: readonly TraceEvent<'bar-read'>[]): Read[] =>
  events.flatMap((event, index) => {
    const before = events[index - 1];
    return before !== undefined && event.offset === before.offset + 1
      ? [{ offset: event.offset, us: event.at - before.at }]
      : [];
  });
