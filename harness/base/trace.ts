// The trace: the ordered record of all events of a device and its guest, on one monotonic clock.

import { HarnessError } from './errors.js';
import type { TraceData, TraceEvent, TraceKind } from './trace-event.js';

export type { TraceData, TraceEvent, TraceKind } from './trace-event.js';

/** The layers below `scenario` report events through a sink; they cannot read the trace. */
export type TraceSink = (event: TraceData) => void;

export const noTrace: TraceSink = () => {};

/** Keeps the events that are no longer in memory. */
export interface TraceStore {
  append(event: TraceEvent): void;
  /** The events from `from` on, of one kind or all, oldest first. Throws if some of them were dropped. */
  since<Kind extends TraceKind = TraceKind>(from: number, kind?: Kind): TraceEvent<Kind>[];
}

/** Covers the last seconds of a scenario, which most queries are about. */
const limitWithStore = 20_000;

const limitWithoutStore = 200_000;

export class Trace {
  readonly #start: bigint;
  readonly #now: () => bigint;
  readonly #events: TraceEvent[] = [];
  readonly #listeners = new Set<(event: TraceEvent) => void>();
  readonly #limit: number;
  readonly #store: TraceStore | undefined;
  #seq = 0;

  /**
   * `now` is a monotonic clock in nanoseconds, and times are counted from `start` on it. At most `limit`
   * events stay in memory; older ones are read from the store, or refused if there is no store.
   * @internal
   */
  constructor({
    now = process.hrtime.bigint,
    store,
    limit = store === undefined ? limitWithoutStore : limitWithStore,
    start = now(),
  }: { now?: () => bigint; store?: TraceStore | undefined; limit?: number; start?: bigint } = {}) {
    this.#now = now;
    this.#start = start;
    this.#store = store;
    this.#limit = limit;
  }

  readonly sink: TraceSink = (data) => {
    const at = Number((this.#now() - this.#start) / 1000n);
    const event: TraceEvent = { seq: this.#seq++, at, ...data };
    this.#store?.append(event);
    this.#events.push(event);
    if (this.#events.length > this.#limit) this.#events.splice(0, Math.max(1, this.#limit >> 3));
    for (const listener of this.#listeners) listener(event);
  };

  /** All events, oldest first. Throws TRACE_CUT, as `since` does. */
  get events(): readonly TraceEvent[] {
    return this.since(0);
  }

  /** The sequence number of the next event. Pass it to `since` or `next` to select later events. */
  get mark(): number {
    return this.#seq;
  }

  /** The events from `mark` on, of one kind or all. Throws TRACE_CUT if some of them were dropped. */
  since<Kind extends TraceKind = TraceKind>(mark: number, kind?: Kind): TraceEvent<Kind>[] {
    const first = this.#events[0]?.seq ?? 0;
    if (mark < first && this.#store !== undefined) return this.#store.since(mark, kind);
    if (mark < first) {
      const what = kind ?? 'all events';
      throw new HarnessError('TRACE_CUT', {
        what,
        from: mark,
        first: 0,
        last: first - 1,
        counts: 'all kinds',
      });
    }
    return this.#events.filter(
      (event): event is TraceEvent<Kind> => event.seq >= mark && (kind === undefined || event.kind === kind),
    );
  }

  /**
   * Resolves with the first event of that kind from `mark` on. Never rejects: race it with the end of the
   * wait.
   */
  next<Kind extends TraceKind>(
    kind: Kind,
    mark: number,
    matches: (event: TraceEvent<Kind>) => boolean = () => true,
  ): Promise<TraceEvent<Kind>> {
    const found = this.since(mark, kind).find(matches);
    if (found) return Promise.resolve(found);
    const isOfKind = (event: TraceEvent): event is TraceEvent<Kind> => event.kind === kind;
    return new Promise((resolve) => {
      const stop = this.follow((event) => {
        if (!isOfKind(event) || event.seq < mark || !matches(event)) return;
        stop();
        resolve(event);
      });
    });
  }

  /** Calls `listener` for each later event until the returned function is called. */
  follow(listener: (event: TraceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
