// Timers for waits. Tests pass fake ones, so that a minute passes at once.

import { timeoutUnderLoad } from '../qemu/timeout-under-load.js';

export interface Timers {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Calls `run` once, after `ms` milliseconds. */
  after(ms: number, run: () => void): { cancel(): void };
  /** The timeout on this host for something that takes at most `ms` milliseconds on an idle one. */
  timeoutUnderLoad(ms: number): number;
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after: (ms, run) => {
    const handle = setTimeout(run, ms);
    return { cancel: () => clearTimeout(handle) };
  },
  timeoutUnderLoad,
};
