// Limits how much work is done in parallel.

import { availableParallelism } from 'node:os';

/** Memory for a guest, its QEMU and its Node process. Measured: 330 MiB in total. */
const perGuestMiB = 400;

export interface Resources {
  readonly processors: number;
  readonly freeMiB: number;
}

/** The resources that this process can use; in a container, those of the container. */
export const resources = (): Resources => ({
  processors: availableParallelism(),
  freeMiB: process.availableMemory() / 2 ** 20,
});

/** The number of processes for tests without guests: one for each processor. */
export const defaultProcesses = ({ processors }: Resources): number => processors;

/**
 * Two guests for each processor, as far as memory allows, and at least one: a guest and the harness wait
 * for each other, and for the guest's timers. Under TCG on 2 processors, four guests at a time took 0.80 of
 * the time of two.
 */
export const defaultJobs = ({ processors, freeMiB }: Resources): number =>
  Math.max(1, Math.min(2 * processors, Math.floor(freeMiB / perGuestMiB)));

/** Runs `work` when a slot is free. A lower `rank` goes first; within a rank, the earlier call does. */
export type Slots = <T>(rank: number, work: () => Promise<T>) => Promise<T>;

/** Creates `jobs` slots. */
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
      // Later: the code that awaits this result may ask for a slot with a lower rank than those that wait.
      setImmediate(leave);
    }
  };
};
