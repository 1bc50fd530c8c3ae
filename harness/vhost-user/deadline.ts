// A time limit for each of many short waits.

/**
 * A timer that runs so many milliseconds late shows that this process stood still. The other end may have
 * waited for it, so the time begins again.
 */
const lateMs = 100;

/** Uses one timer for all waits: creating and clearing one for each costs more than the wait itself. */
export class Deadline {
  readonly #timer: NodeJS.Timeout;
  readonly #ms: number;
  #running = false;
  #begin = 0;

  /** Calls `over` when `ms` milliseconds have passed since the last `start` without a `stop`. */
  constructor(ms: number, over: () => void) {
    this.#ms = ms;
    this.#timer = setTimeout(() => {
      if (!this.#running) return;
      if (performance.now() - this.#begin > this.#ms + lateMs) return this.start();
      this.#running = false;
      over();
    }, ms);
    this.#timer.unref(); // the open socket keeps the process alive
  }

  start(): void {
    this.#running = true;
    this.#begin = performance.now();
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
