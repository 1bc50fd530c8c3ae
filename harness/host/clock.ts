// The clock of the host that runs us: CLOCK_REALTIME itself, as vmd reads it with gettimeofday. Node's Date
// has milliseconds only, and its performance clock does not follow when the clock is slewed or set.

import { realTime } from './libc.js';

/** Nanoseconds since the epoch, now. */
export const hostNanoseconds: () => bigint = realTime;

/** Microseconds since the epoch, now. */
export const hostNow = (): bigint => realTime() / 1000n;
