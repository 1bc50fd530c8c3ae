// Time for waits, given by the caller: tests pass a minute in no time.

export interface Timers {
  /** Milliseconds on a clock that never steps. */
  now(): number;
  /** Runs `run` once, `ms` milliseconds from now. */
  after(ms: number, run: () => void): { cancel(): void };
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after: (ms, run) => {
    const handle = setTimeout(run, ms);
    return { cancel: () => clearTimeout(handle) };
  },
};
