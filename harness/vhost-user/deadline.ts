// A limit on how long each of many short waits may take.

/** One timer for all of them: to make and clear one for each costs more than the wait itself. */
export class Deadline {
  readonly #timer: NodeJS.Timeout;
  #running = false;

  /** Calls `over` when `ms` have passed since the last `start` without a `stop`. */
  constructor(ms: number, over: () => void) {
    this.#timer = setTimeout(() => {
      if (!this.#running) return;
      this.#running = false;
      over();
    }, ms);
    this.#timer.unref(); // who waits for something keeps the process alive by that
  }

  start(): void {
    this.#running = true;
    this.#timer.refresh();
  }

  stop(): void {
    this.#running = false;
  }

  /** For good. */
  close(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }
}
