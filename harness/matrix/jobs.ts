// How much is done at once.

import { availableParallelism } from 'node:os';

/** A guest of 256 MiB, its QEMU, and the Node process beside it (measured: 330 MiB in all). */
const perGuestMiB = 400;

export interface Resources {
  readonly processors: number;
  readonly freeMiB: number;
}

/** What this process may use, in a container too. */
export const resources = (): Resources => ({
  processors: availableParallelism(),
  freeMiB: process.availableMemory() / 2 ** 20,
});

/** One guest a processor: more only wait for each other (under TCG a guest keeps one busy). At least 1. */
export const defaultJobs = ({ processors, freeMiB }: Resources): number =>
  Math.max(1, Math.min(processors, Math.floor(freeMiB / perGuestMiB)));

/** Runs `work` when there is room: what has the lower `rank` first, then what came first. */
export type Slots = <T>(rank: number, work: () => Promise<T>) => Promise<T>;

/** Room for so many at once. */
export const createSlots = (jobs: number): Slots => {
  const waiting: { rank: number; start: () => void }[] = [];
  let free = jobs;
  const enter = (rank: number): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise((start) => {
      const later = waiting.findIndex((other) => other.rank > rank);
      waiting.splice(later === -1 ? waiting.length : later, 0, { rank, start });
    });
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next.start();
  };
  return async (rank, work) => {
    await enter(rank);
    try {
      return await work();
    } finally {
      // Not at once: what the end of this work leads to may be of a lower rank than what waits.
      setImmediate(leave);
    }
  };
};
