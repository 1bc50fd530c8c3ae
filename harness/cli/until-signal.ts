// Runs the work of a command until it ends or a signal ends it.

import { abortOnSignals } from '../run/signals.js';
import { note } from './print.js';

/**
 * Resolves with the exit status of `work`. A signal of the system aborts the one that `work` gets; if `work`
 * is rejected then, this says which it was and resolves with 128+n. Rejects with any other error of `work`.
 */
export const untilSignal = async (work: (signal: AbortSignal) => Promise<number>): Promise<number> => {
  const { signal, status, release } = abortOnSignals();
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    note(signal.reason.message);
    return status() ?? 1;
  } finally {
    release();
  }
};
