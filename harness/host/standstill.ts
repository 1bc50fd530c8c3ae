// Notices that this process stood still while a scenario ran, as on a host or in a container that is frozen
// for a while. The guest then sees a stalled CPU, and what the driver did comes late. A process that computes
// does not stand still: a driver that storms keeps it busy.

import { HarnessError } from '../base/errors.js';

/** Milliseconds between two looks at the clock. */
const defaultLookMs = 500;

/** A shorter standstill has no effect: QEMU waits 5 s for the device. */
const minMs = 5000;

/** How long a process stood still between two looks at the clock, in milliseconds. */
export const standstillOf = (times: {
  /** The time between the looks. */
  readonly elapsedMs: number;
  /** The intended time between them. */
  readonly lookMs: number;
  /** The CPU time of the process between them. */
  readonly computedMs: number;
}): number => Math.max(0, times.elapsedMs - times.lookMs - times.computedMs);

export class StandstillWatch {
  readonly #lookMs: number;
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();
  #lastCpu = process.cpuUsage();
  #longest = 0;

  /** Begins to watch. It does not keep the process alive. */
  constructor(lookMs = defaultLookMs) {
    this.#lookMs = lookMs;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  #look(): void {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#lastCpu);
    const elapsedMs = now - this.#last;
    const stood = standstillOf({ elapsedMs, lookMs: this.#lookMs, computedMs: (user + system) / 1000 });
    this.#longest = Math.max(this.#longest, stood);
    this.#last = now;
    this.#lastCpu = process.cpuUsage();
  }

  /** Ends the watch. Returns the longest standstill in milliseconds, less the time between two looks. */
  end(): number {
    clearInterval(this.#timer);
    this.#look();
    return this.#longest;
  }
}

/** Throws STOOD_STILL if the standstill was long enough to make a correct driver fail. */
export const requireNoStandstill = (ms: number): void => {
  if (ms >= minMs) throw new HarnessError('STOOD_STILL', { ms: Math.round(ms) });
};
