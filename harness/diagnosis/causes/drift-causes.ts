// Causes of a drift that is wrong because a number has too few bits or no sign.

import type { Cause, Facts } from './facts.js';
import { type Drift, driftCause, isDrift, sampleBefore } from './time-causes.js';

/** More than a signed number of 32 bits holds, with the nanoseconds of a second. */
const maxOverflowed = 5_000_000_000n;

interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

const covers = ({ from, to }: Range, value: bigint): boolean => from <= value && value <= to;

/** What is left of the time of the device if the drift is that minus the clock of the guest. */
const timeLeft = (drift: Drift, shown: bigint, facts: Facts): Range | undefined => {
  const sample = sampleBefore(facts, drift.check);
  if (!isDrift(drift) || sample === undefined || sample < 1n << 40n) return undefined;
  return { from: shown - drift.to + sample, to: shown - drift.from + sample };
};

export const driftCauses = {
  'drift-unsigned': driftCause(
    (drift, shown) => {
      const signed = BigInt.asIntN(64, shown);
      return isDrift(drift) && signed < 0n && signed !== shown && drift.from <= signed && signed <= drift.to;
    },
    {
      sentence: 'The drift is shown as an unsigned number, so it is wrong when the guest is ahead.',
      change: 'Print the drift as a signed number, with %lld.',
    },
  ),
  'drift-without-microseconds': driftCause(
    (drift, shown, facts) => {
      const sample = sampleBefore(facts, drift.check);
      const fraction = sample === undefined ? 0n : sample % 1_000_000_000n;
      if (!isDrift(drift) || fraction <= drift.to - drift.from) return false;
      return drift.from - fraction <= shown && shown <= drift.to - fraction;
    },
    {
      sentence: 'The drift is computed from the seconds alone, without the microseconds.',
      change: 'Add the microseconds (BAR0 offset 32) times 1000 to the nanoseconds of the host.',
    },
  ),
  'drift-without-device-time': driftCause(
    (drift, shown, facts) => {
      const left = timeLeft(drift, shown, facts);
      const fraction = (sampleBefore(facts, drift.check) ?? 0n) % 1_000_000_000n;
      return left !== undefined && (covers(left, 0n) || covers(left, fraction));
    },
    {
      sentence: 'The drift is computed without the seconds of the device.',
      change:
        'Add up the seconds (BAR0 offset 24) and the microseconds (32) in nanoseconds, and use the sum.',
    },
  ),
  'device-time-in-32-bits': driftCause(
    (drift, shown, facts) => {
      const left = timeLeft(drift, shown, facts);
      const fraction = (sampleBefore(facts, drift.check) ?? 0n) % 1_000_000_000n;
      if (left === undefined || covers(left, 0n) || covers(left, fraction)) return false;
      return -maxOverflowed < left.to && left.to < maxOverflowed;
    },
    {
      sentence: 'The nanoseconds of the device are computed in 32 bits and overflow.',
      change: 'Widen the seconds to s64 before the multiplication: a long has 32 bits on some kernels.',
    },
  ),
} as const satisfies Readonly<Record<string, Cause>>;
