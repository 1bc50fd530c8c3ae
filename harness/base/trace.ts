// The ordered record of everything that happened to a device and its guest, on one monotonic clock.

import { HarnessError } from './errors.js';
import type { TraceData, TraceEvent, TraceKind } from './trace-event.js';

export type { TraceData, TraceEvent, TraceKind } from './trace-event.js';

/** What the layers below `scenario` are given; they never see the whole record. */
export type TraceSink = (event: TraceData) => void;

export const noTrace: TraceSink = () => {};

/** Where events are kept that are no longer in memory. */
export interface TraceStore {
  append(event: TraceEvent): void;
  /** The events from `from` on, of one kind or all, oldest first. Throws when it does not have all of them. */
  since<Kind extends TraceKind = TraceKind>(from: number, kind?: Kind): TraceEvent<Kind>[];
}

/** Enough for what is usually asked: the last seconds of a scenario. */
const eventsBesideStore = 20_000;

const eventsWithoutStore = 200_000;

export class Trace {
  readonly #start: bigint;
  readonly #now: () => bigint;
  readonly #events: TraceEvent[] = [];
  readonly #listeners = new Set<(event: TraceEvent) => void>();
  readonly #limit: number;
  readonly #store: TraceStore | undefined;
  #seq = 0;

  /**
   * `now` is a monotonic clock in nanoseconds. No more than `limit` events stay in memory; questions about older ones are answered by
   * the store, and refused without one.
   */
  constructor({
    now = process.hrtime.bigint,
    store,
    limit = store === undefined ? eventsWithoutStore : eventsBesideStore,
  }: { now?: () => bigint; store?: TraceStore | undefined; limit?: number } = {}) {
    this.#now = now;
    this.#start = now();
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

  /** All events, oldest first. TRACE_CUT as `since`. */
  get events(): readonly TraceEvent[] {
    return this.since(0);
  }

  /** The sequence number that the next event will get: a mark to select later events by. */
  get mark(): number {
    return this.#seq;
  }

  /** The events from `mark` on, all or those of one kind. TRACE_CUT when some of them are not kept any more. */
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

  /** The first event of that kind from `mark` on, now or later. Never rejects: race it with what may end the wait. */
  next<Kind extends TraceKind>(
    kind: Kind,
    mark: number,
    fits: (event: TraceEvent<Kind>) => boolean = () => true,
  ): Promise<TraceEvent<Kind>> {
    const found = this.since(mark, kind).find(fits);
    if (found) return Promise.resolve(found);
    const isOne = (event: TraceEvent): event is TraceEvent<Kind> => event.kind === kind;
    return new Promise((resolve) => {
      const stop = this.follow((event) => {
        if (!isOne(event) || event.seq < mark || !fits(event)) return;
        stop();
        resolve(event);
      });
    });
  }

  /** Calls back for each later event until the returned function is called. */
  follow(listener: (event: TraceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
