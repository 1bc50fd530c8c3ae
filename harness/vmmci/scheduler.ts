// Deadlines on a monotonic clock that the caller passes in, so that tests do not wait.

export interface Timer {
  cancel(): void;
  /** Milliseconds until it runs; 0 after it ran or was cancelled. */
  remaining(): number;
}

export interface Scheduler {
  /** Milliseconds on a clock that never steps. */
  now(): number;
  /** Runs `run` once, `ms` milliseconds from now. */
  after(ms: number, run: () => void): Timer;
}

/** The largest delay of a timer of Node.js in milliseconds; a larger one runs at once. */
const maxDelayMs = 2 ** 31 - 1;

/** The timers of Node.js. They do not keep the process alive; an open socket does. */
export const realScheduler = (): Scheduler => ({
  now: () => performance.now(),
  after: (ms, run) => {
    const due = performance.now() + ms;
    let live = true;
    let handle: NodeJS.Timeout;
    let last: NodeJS.Immediate | undefined;
    // Node.js counts whole milliseconds, so that its timers run up to 1 ms early.
    const wait = (left: number): void => {
      handle = setTimeout(expire, Math.min(Math.ceil(left), maxDelayMs)).unref();
    };
    const expire = (): void => {
      const left = due - performance.now();
      if (left > 0) wait(left);
      else {
        // What arrived before, while this process had no CPU, is read first.
        last = setImmediate(() => {
          live = false;
          run();
        });
      }
    };
    wait(ms);
    return {
      cancel: () => {
        live = false;
        clearTimeout(handle);
        clearImmediate(last);
      },
      remaining: () => (live ? Math.max(0, due - performance.now()) : 0),
    };
  },
});

interface Entry {
  readonly due: number;
  readonly run: () => void;
}

/**
 * A clock that advances only by `advance`. Timers with the same due time run in the order in which they were
 * created.
 */
export class VirtualScheduler implements Scheduler {
  #now = 0;
  readonly #entries = new Set<Entry>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const entry: Entry = { due: this.#now + Math.max(0, ms), run };
    this.#entries.add(entry);
    return {
      cancel: () => void this.#entries.delete(entry),
      remaining: () => (this.#entries.has(entry) ? entry.due - this.#now : 0),
    };
  }

  /**
   * Advances the clock by `ms` milliseconds. Runs the timers that become due, including those that they
   * start.
   */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let entry = this.#next(end); entry !== undefined; entry = this.#next(end)) {
      this.#now = entry.due;
      this.#entries.delete(entry);
      entry.run();
    }
    this.#now = end;
  }

  /** The number of pending timers. */
  get pending(): number {
    return this.#entries.size;
  }

  #next(end: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.due <= end && (first === undefined || entry.due < first.due)) first = entry;
    }
    return first;
  }
}
