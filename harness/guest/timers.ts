// Time for waits, given by the caller: tests pass a minute in no time.
import { timeoutUnderLoad } from '../qemu/timeout-under-load.js';

export interface Timers {
  /** Milliseconds on a clock that never steps. */
  now(): number;
  /** Runs `run` once, `ms` milliseconds from now. */
  after(ms: number, run: () => void): { cancel(): void };
  /** How long to wait for what takes `ms` milliseconds at most on a machine with nothing else to do. */
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
