// The ordered record of everything that happened to a device and its guest, on one monotonic clock.

import type { TraceData, TraceEvent, TraceKind } from './trace-event.js';

export type { TraceData, TraceEvent, TraceKind } from './trace-event.js';

/** What the layers below `scenario` are given; they never see the whole record. */
export type TraceSink = (event: TraceData) => void;

export const noTrace: TraceSink = () => {};

/** For JSON.stringify, which has no bigint: a number where that is exact, else a string. */
export const plain = (_key: string, value: unknown): unknown =>
  typeof value !== 'bigint' ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value);

export class Trace {
  readonly #start: bigint;
  readonly #now: () => bigint;
  readonly #events: TraceEvent[] = [];
  readonly #listeners = new Set<(event: TraceEvent) => void>();
  readonly #limit: number;
  #seq = 0;

  /** `now` is a monotonic clock in nanoseconds; the oldest events go once there are more than `limit`. */
  constructor({ now = process.hrtime.bigint, limit = 200_000 }: { now?: () => bigint; limit?: number } = {}) {
    this.#now = now;
    this.#start = now();
    this.#limit = limit;
  }

  readonly sink: TraceSink = (data) => {
    const at = Number((this.#now() - this.#start) / 1000n);
    const event: TraceEvent = { seq: this.#seq++, at, ...data };
    this.#events.push(event);
    if (this.#events.length > this.#limit) this.#events.splice(0, this.#limit >> 3);
    for (const listener of this.#listeners) listener(event);
  };

  /** The events still held, oldest first. */
  get events(): readonly TraceEvent[] {
    return this.#events;
  }

  /** The sequence number that the next event will get: a mark to select later events by. */
  get mark(): number {
    return this.#seq;
  }

  /** The events from `mark` on, all or those of one kind. */
  since<Kind extends TraceKind = TraceKind>(mark: number, kind?: Kind): TraceEvent<Kind>[] {
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

  /** JSON lines, one an event. */
  toJsonLines(): string {
    return this.#events.map((event) => `${JSON.stringify(event, plain)}\n`).join('');
  }
}
