// Ending a run before its end: begin nothing more, or also end what runs.

import { type SignalWatch, watchSignals } from '../run/signals.js';

export interface Halt {
  /** Why nothing more is begun; undefined while all goes on. */
  readonly reason: string | undefined;
  /** Aborted when what runs is to end, too. */
  readonly kill: AbortSignal;
  /** What runs goes on to its end. The first reason stays. */
  stop(reason: string): void;
  /** What runs is ended. */
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

/** Interrupts `halt` at the first signal; ends this process at the second. */
export const haltOnSignals = (halt: Halt): SignalWatch =>
  watchSignals((signal) => halt.interrupt(`interrupted by ${signal}`));
