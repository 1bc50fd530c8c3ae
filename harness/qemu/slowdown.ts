// Measures how much the load slows this host down. Timeouts are chosen for an idle machine; on a busy one
// everything takes longer, and neither driver nor harness is to blame.

import { availableParallelism, loadavg } from 'node:os';

/** An upper bound, so that a hang is still detected on a very busy machine. */
const maxSlowdown = 8;

/** How many times longer things take: runnable tasks per processor in the last minute, from 1 to 8. */
export const slowdown = (load = loadavg()[0] ?? 0, processors = availableParallelism()): number =>
  Math.min(maxSlowdown, Math.max(1, load / processors));
