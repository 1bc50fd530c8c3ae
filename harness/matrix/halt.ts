// Stops a run early: either it starts no more work, or it also kills the work in progress.

import { type SignalWatch, watchSignals } from '../run/signals.js';

export interface Halt {
  /** Why no more work is started; undefined while the run continues. */
  readonly reason: string | undefined;
  /** Aborted when the work in progress must end too. */
  readonly kill: AbortSignal;
  /** Starts no more work; the work in progress finishes. Later reasons are ignored. */
  stop(reason: string): void;
  /** Starts no more work and kills the work in progress. */
  interrupt(reason: string): void;
}

export const createHalt = (): Halt => {
  const killer = new AbortController();
  let reason: string | undefined;
  const stop = (why: string): void => {
    reason ??= why;
  };
  return {
    get reason() {
      return reason;
    },
    kill: killer.signal,
    stop,
    interrupt: (why) => {
      stop(why);
      killer.abort();
    },
  };
};

/** Interrupts `halt` on the first signal and exits on the second. */
export const haltOnSignals = (halt: Halt): SignalWatch =>
  watchSignals((signal) => halt.interrupt(`interrupted by ${signal}`));
