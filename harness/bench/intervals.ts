// How long reads took, from the trace of the function that answered them.

import type { TraceEvent } from '../base/trace.js';

export interface Read {
  /** Bytes from the start of BAR0. */
  readonly offset: number;
  readonly us: number;
}

/**
 * What each read took, of those in a sweep over consecutive offsets: from the function's answer to the read
 * before until its answer to this one. In between the guest takes the value, stores it and asks for the next,
 * so its share is in it. The first of a sweep has nothing before it and is left out.
 */
export const intervals = (events: readonly TraceEvent<'bar-read'>[]): Read[] =>
  events.flatMap((event, index) => {
    const before = events[index - 1];
    return before !== undefined && event.offset === before.offset + 1
      ? [{ offset: event.offset, us: event.at - before.at }]
      : [];
  });
