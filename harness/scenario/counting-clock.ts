// A clock that shows no second twice: seconds and microseconds of different looks never make a third look's time.
import type { DeviceClock } from '../vmmci/clock.js';

const second = 1_000_000n;
/** Prime to a million: it comes round after a million looks. */
const stride = 380_951n;

/** `start` is the first instant in microseconds. The host's own watch on the clock must not look at it: no real time. */
export const countingClock = (start: bigint): DeviceClock => {
  let looks = -1n;
  return {
    now: () => {
      looks += 1n;
      return start + looks * second + ((looks * stride) % second);
    },
    spec: 'counting',
  };
};
