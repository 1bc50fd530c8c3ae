// The host's CLOCK_REALTIME, which vmd reads with gettimeofday. Node's Date has only milliseconds, and its
// performance clock does not follow when the clock is slewed or set.

import { realTime } from './libc.js';

/** The current time in nanoseconds since the epoch. */
export const hostNanoseconds: () => bigint = realTime;

/** The current time in microseconds since the epoch. */
export const hostNow = (): bigint => realTime() / 1000n;
