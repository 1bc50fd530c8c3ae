// A clock that never repeats a second: the seconds of one sample and the microseconds of another are never
// the time of a third sample.

import type { DeviceClock } from '../../harness/vmmci/clock.js';

const second = 1_000_000n;
/** Coprime to a million, so the microseconds repeat only after a million samples. */
const stride = 380_951n;

/**
 * `start` is the first instant in microseconds since 1970. Needs a virtual scheduler, so that vmd's check of
 * the clock does not take samples.
 */
export const countingClock = (start: bigint): DeviceClock => {
  let samples = -1n;
  return {
    now: () => {
      samples += 1n;
      return start + samples * second + ((samples * stride) % second);
    },
    spec: 'counting',
  };
};
