// Timers for waits, and the one place that scales timeouts. Tests pass fake timers, so that a minute passes
// at once.

import { slowdown } from './slowdown.js';

export interface Timers {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Calls `run` once, after `ms` milliseconds. */
  after(ms: number, run: () => void): { cancel(): void };
  /**
   * The timeout in milliseconds for something that takes at most `ms` milliseconds in a guest with an
   * ordinary kernel on an idle host.
   */
  timeout(ms: number): number;
}

/** Real timers. `slowness` says how many times longer the guest's kernel takes than an ordinary one. */
export const timersFor = (slowness: number): Timers => ({
  now: () => performance.now(),
  after: (ms, run) => {
    const handle = setTimeout(run, ms);
    return { cancel: () => clearTimeout(handle) };
  },
  timeout: (ms) => Math.round(ms * slowness * slowdown()),
});
