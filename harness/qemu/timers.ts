// Timers for waits, and the one place that scales timeouts. Tests pass fake timers, so that a minute passes
// at once.

import { slowdown } from './slowdown.js';

export interface Timers {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Calls `run` once, after `ms` milliseconds in which this process was not stopped. */
  after(ms: number, run: () => void): { cancel(): void };
  /**
   * The timeout in milliseconds for something that takes at most `ms` milliseconds in a guest with an
   * ordinary kernel on an idle host.
   */
  timeout(ms: number): number;
}

/**
 * The maximum number of milliseconds that count while this process stands still, for example because of
 * Ctrl-Z or on a host without a free CPU.
 */
const stepMs = 1000;

const after: Timers['after'] = (ms, run) => {
  let cancel = (): void => {};
  const wait = (left: number): void => {
    const step = Math.min(left, stepMs);
    const timer = setTimeout(() => {
      if (left > step) return wait(left - step);
      // What has arrived in the meantime is read first.
      const last = setImmediate(run);
      cancel = () => clearImmediate(last);
    }, step);
    cancel = () => clearTimeout(timer);
  };
  wait(ms);
  return { cancel: () => cancel() };
};

/** Real timers. `slowness` says how many times longer the guest's kernel takes than an ordinary one. */
export const timersFor = (slowness: number): Timers => ({
  now: () => performance.now(),
  after,
  timeout: (ms) => Math.round(ms * slowness * slowdown()),
});
