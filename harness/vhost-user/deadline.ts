// A time limit for each of many short waits.

/** Uses one timer for all waits: creating and clearing one for each costs more than the wait itself. */
export class Deadline {
  readonly #timer: NodeJS.Timeout;
  #running = false;

  /** Calls `over` when `ms` milliseconds have passed since the last `start` without a `stop`. */
  constructor(ms: number, over: () => void) {
    this.#timer = setTimeout(() => {
      if (!this.#running) return;
      this.#running = false;
      over();
    }, ms);
    this.#timer.unref(); // the open socket keeps the process alive
  }

  start(): void {
    this.#running = true;
    this.#timer.refresh();
  }

  stop(): void {
    this.#running = false;
  }

  /** Stops the timer permanently. */
  close(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }
}
