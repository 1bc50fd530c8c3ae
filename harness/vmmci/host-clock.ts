// The clock of the host that runs us, with the microseconds that Date lacks.

/** How far, in ms, the interpolated time may be from the clock before it is taken that the clock was set. */
const TOLERANCE_MS = 2;

/** How long, in ms, a look at both clocks may take and still tell how they lie to each other. */
const LOOK_MS = 0.5;

/**
 * A clock in microseconds since the epoch. `date` is the clock in whole ms, `monotonic` a time in ms with fractions that
 * never steps and fills in between. Follows when `date` is set, forward or back.
 */
export const hostClock = (date: () => number, monotonic: () => number): (() => bigint) => {
  let origin = date() - monotonic();
  return () => {
    // A process that loses the processor between two looks must not take that for a clock that was set.
    for (;;) {
      const before = monotonic();
      const now = date();
      if (monotonic() - before > LOOK_MS) continue;
      if (Math.abs(origin + before - now) > TOLERANCE_MS) origin = now - before;
      return BigInt(Math.trunc((origin + before) * 1000));
    }
  };
};

/** Microseconds since the epoch, now. */
export const hostNow: () => bigint = hostClock(
  () => Date.now(),
  () => performance.now(),
);
