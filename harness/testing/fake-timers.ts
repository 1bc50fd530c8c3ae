// Timers for tests. Time passes only when the test lets it.

import type { Timers } from '../qemu/timers.js';

export class FakeTimers implements Timers {
  #now = 0;
  readonly #entries = new Set<{ due: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): { cancel(): void } {
    const entry = { due: this.#now + ms, run };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  /** The simulated slowness of the machine and the kernel. */
  slowdown = 1;

  timeout(ms: number): number {
    return ms * this.slowdown;
  }

  /** The number of running timers. */
  get pending(): number {
    return this.#entries.size;
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const entry of [...this.#entries].filter(({ due }) => due <= this.#now)) {
      this.#entries.delete(entry);
      entry.run();
    }
  }
}
