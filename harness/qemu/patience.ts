// Deadlines are chosen for a machine that has nothing else to do. On a busy one everything takes longer, and nobody is to blame.
import { availableParallelism, loadavg } from 'node:os';

/** However busy the machine: what hangs is found in the end. */
const most = 8;

/** How many times longer things take: tasks that want to run, for each processor. From 1 to 8. */
export const slowdown = (load: number, processors: number): number =>
  Math.min(most, Math.max(1, load / processors));

/** A deadline for the machine as it was in the last minute; both in milliseconds. */
export const patience = (ms: number): number =>
  Math.round(ms * slowdown(loadavg()[0] ?? 0, availableParallelism()));
