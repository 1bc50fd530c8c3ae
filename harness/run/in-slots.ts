// Processes many items in parallel. Each call has a directory of its own, which later calls reuse.

import { join } from 'node:path';

/**
 * Calls `work` for each item, `count` at a time, each with a slot: a directory below `directory` that no
 * other call uses meanwhile. Rejects with the first error, after all calls have ended: none may still use its
 * slot when the caller removes it.
 */
export const inSlots = async <T>(
  items: readonly T[],
  count: number,
  directory: string,
  work: (item: T, slot: string) => Promise<void>,
): Promise<void> => {
  const waiting = [...items];
  const drain = async (slot: string): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next, slot);
  };
  const slots = Array.from({ length: count }, (_, index) => drain(join(directory, `slot-${index}`)));
  await Promise.allSettled(slots);
  await Promise.all(slots);
};
