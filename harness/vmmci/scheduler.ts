// Deadlines on a monotonic clock that the caller gives, so that tests pass 120 seconds in no time.

export interface Timer {
  cancel(): void;
  /** Milliseconds until it runs; 0 once it has run or was cancelled. */
  remaining(): number;
}

export interface Scheduler {
  /** Milliseconds on a clock that never steps. */
  now(): number;
  /** Runs `run` once, `ms` milliseconds from now. */
  after(ms: number, run: () => void): Timer;
}

/** The process's own timers. They do not keep the process alive: whoever listens on a socket does. */
export const realScheduler = (): Scheduler => ({
  now: () => performance.now(),
  after: (ms, run) => {
    const due = performance.now() + ms;
    let live = true;
    const handle = setTimeout(() => {
      live = false;
      run();
    }, ms);
    handle.unref();
    return {
      cancel: () => {
        live = false;
        clearTimeout(handle);
      },
      remaining: () => (live ? Math.max(0, due - performance.now()) : 0),
    };
  },
});

interface Entry {
  readonly due: number;
  readonly run: () => void;
}

/** Time that passes only when told to. Timers due at the same instant run in the order they were made. */
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

  /** Lets `ms` milliseconds pass and runs what falls due in them, also what that makes due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let entry = this.#next(end); entry !== undefined; entry = this.#next(end)) {
      this.#now = entry.due;
      this.#entries.delete(entry);
      entry.run();
    }
    this.#now = end;
  }

  /** How many timers wait. */
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
