// Scales timeouts with the load. They are chosen for an idle machine; on a busy one everything takes longer,
// and neither driver nor harness is to blame.

import { availableParallelism, loadavg } from 'node:os';

/** An upper bound, so that a hang is still detected on a very busy machine. */
const maxSlowdown = 8;

/** How many times longer things take: runnable tasks per processor, from 1 to 8. */
export const slowdown = (load: number, processors: number): number =>
  Math.min(maxSlowdown, Math.max(1, load / processors));

/** The timeout `ms`, scaled by the load of the last minute. Both in milliseconds. */
export const timeoutUnderLoad = (ms: number): number =>
  Math.round(ms * slowdown(loadavg()[0] ?? 0, availableParallelism()));
