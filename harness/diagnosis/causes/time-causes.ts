// Causes that are visible in how a wrong time differs from the right one.

import { firstLine } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import type { RegisterName } from '../../vmmci/registers.js';
import { checkNames, fastGuest, named } from '../check-names.js';
import { isRead } from './events.js';
import type { Cause, Facts, FailedCheck } from './facts.js';

/** A time, or a drift, in nanoseconds. */
interface Difference {
  readonly check: FailedCheck;
  readonly expected: bigint;
  readonly seen: bigint;
}

const thousand = 1_000n;
const billion = 1_000_000_000n;
const word = 1n << 32n;
const day = 86_400n * billion;
/** Half of the time that the seconds take in slow-clock, in nanoseconds. */
const halfRead = 1_100_000_000n;

/** Times of the device: host times are in microseconds, those of the PTP clock in nanoseconds. */
export const timesOf = ({ checks }: Facts): Difference[] =>
  checks.flatMap((check) => {
    const { what, numbers } = check;
    const unit = /^host time/.test(what)
      ? thousand
      : /^PTP_SYS_OFFSET_EXTENDED|^clock_gettime/.test(what)
        ? 1n
        : 0n;
    if (unit === 0n || numbers === undefined || numbers.from !== numbers.to) return [];
    return [{ check, expected: numbers.from * unit, seen: numbers.seen * unit }];
  });

/** Splits a time into whole seconds and nanoseconds; exact also below zero. */
const split = (ns: bigint): { seconds: bigint; rest: bigint } => {
  const rest = ((ns % billion) + billion) % billion;
  return { seconds: (ns - rest) / billion, rest };
};

/** `holds` is true for each wrong time, and `proves` for at least one of them. */
export const timeCause = (
  holds: (difference: Difference, facts: Facts) => boolean,
  cause: Pick<Cause, 'sentence' | 'change' | 'hosts'>,
  proves: (difference: Difference) => boolean = () => true,
): Cause => ({
  ...cause,
  requirement: 'shows-host-time',
  explains: [
    'shows-host-time',
    'shows-ptp-time',
    'comes-back',
    'restores-after-sleep',
    'keeps-devices-apart',
  ],
  find: (facts) =>
    // The cause is named only if it explains all wrong times.
    (timesOf(facts).every((difference) => holds(difference, facts)) && timesOf(facts).some(proves)
      ? timesOf(facts)
      : []
    )
      .slice(0, 2)
      .map(({ check }) => check),
});

export const bySeconds =
  (wrong: (seconds: bigint) => bigint) =>
  ({ expected, seen }: Difference): boolean =>
    split(seen).seconds === wrong(split(expected).seconds) &&
    split(seen).rest === split(expected).rest &&
    split(seen).seconds !== split(expected).seconds;

const isSample = (event: TraceEvent): event is TraceEvent<'sample'> => event.kind === 'sample';

/** True if the time is that of a sample before the check, but not of the last one. */
const isEarlierSample = ({ check, seen }: Difference, { trace }: Facts): boolean => {
  const before = trace.filter(isSample).filter(({ seq }) => seq < check.seq);
  return before.some(({ us }) => us * thousand === seen);
};

export interface Drift {
  readonly check: FailedCheck;
  readonly from: bigint;
  readonly to: bigint;
  readonly seen: bigint;
}

const driftsOf = ({ checks }: Facts): Drift[] =>
  checks.flatMap((check) => {
    const { requirement, numbers } = check;
    return requirement !== 'shows-drift' || numbers === undefined ? [] : [{ check, ...numbers }];
  });

/** The last sample before the check, in nanoseconds. */
export const sampleBefore = ({ trace }: Facts, { seq }: FailedCheck): bigint | undefined => {
  const sample = trace.filter(isSample).findLast((event) => event.seq < seq);
  return sample === undefined ? undefined : sample.us * thousand;
};

/** The drift that the driver showed; some checks have the guest's time that follows from the drift. */
const shownDrift = (facts: Facts, { check, seen }: Drift): bigint | undefined => {
  if (!/^the guest's time/.test(check.what)) return seen;
  const sample = sampleBefore(facts, check);
  return sample === undefined ? undefined : sample - seen;
};

export const driftCause = (
  holds: (drift: Drift, shown: bigint, facts: Facts) => boolean,
  cause: Pick<Cause, 'sentence' | 'change'>,
): Cause => ({
  ...cause,
  requirement: 'shows-drift',
  explains: ['shows-drift'],
  find: (facts) =>
    driftsOf(facts)
      .filter((drift) => {
        const shown = shownDrift(facts, drift);
        return shown !== undefined && holds(drift, shown, facts);
      })
      .slice(0, 2)
      .map(({ check }) => check),
});

/**
 * A cause of a drift on one side of its range if the registers take long to read. `excess` is positive on
 * that side.
 */
const placementCause = (sentence: string, excess: (drift: Drift) => bigint): Cause => ({
  sentence,
  change: 'Read the guest clock right before and right after the read of BAR0 offset 24, and use the middle.',
  requirement: 'shows-drift',
  explains: ['shows-drift'],
  find: (facts) =>
    driftsOf(facts)
      .filter(({ check }) => /where the (?:micro)?seconds take/.test(check.what))
      .filter((drift) => excess(drift) > 0n && excess(drift) < day)
      .map(({ check }) => check),
});

export const isDrift = ({ check }: Drift): boolean => /^drift/.test(check.what);

export const timeCauses = {
  'seconds-signed': {
    sentence:
      'The driver keeps the seconds as a signed 32-bit number: it shows times from 2038-01-19 on as before 1970.',
    change:
      'Combine the seconds into an unsigned 64-bit number: low word at BAR0 offset 24, high word at 28.',
    requirement: 'shows-host-time',
    find: (facts) => {
      const signed = bySeconds((seconds) => BigInt.asIntN(32, seconds));
      const differences = timesOf(facts);
      const [reason] = facts.reasons.filter((line) => /^the driver shows \w+ time as \\?"-\d/.test(line));
      const late = facts.trace.find((event) => isRead(event, 'secondsLow') && event.value > 0x7fffffff);
      if (reason !== undefined && late !== undefined) return [late, reason];
      return differences.every((each) => each.seen < 0n && signed(each))
        ? differences.slice(0, 2).map(({ check }) => check)
        : [];
    },
  },
  'high-word-ignored': timeCause(
    (difference) =>
      split(difference.expected).seconds >= word &&
      bySeconds((seconds) => BigInt.asUintN(32, seconds))(difference),
    {
      sentence: 'The driver does not use the high word of the seconds (BAR0 offset 28).',
      change: 'Shift the word at BAR0 offset 28 left by 32 bits, and add the word at BAR0 offset 24.',
    },
  ),
  'words-swapped': timeCause(
    ({ expected, seen }, { trace }) => {
      const { seconds, rest } = split(expected);
      const high = seconds >> 32n;
      const swapped = (BigInt.asUintN(32, seconds) << 32n) + high;
      const shown = split(seen);
      const isSwapped = shown.seconds === swapped || shown.seconds === high;
      const reads = (register: RegisterName): boolean => trace.some((event) => isRead(event, register));
      return isSwapped && shown.rest === rest && reads('secondsHigh') && reads('secondsLow');
    },
    {
      sentence: 'The driver swaps the two words of the seconds.',
      change: 'Use BAR0 offset 24 as the low word and BAR0 offset 28 as the high word.',
    },
  ),
  'fraction-not-padded': {
    sentence: 'The fraction of the time lacks leading zeros.',
    change: 'Print the microseconds (BAR0 offset 32) with six digits: %06u.',
    requirement: 'shows-host-time',
    find: (facts) => {
      const shown = facts.reasons.filter((reason) =>
        /the driver shows \w+ time as "?\d+\.\d{1,5}\b/.test(reason.replaceAll('\\', '')),
      );
      const bytes = facts.checks.filter(
        ({ what, seen }) => /^bytes of/.test(what) && /^"\d+\.\d{1,5}(?!\d)/.test(seen),
      );
      const cut = timesOf(facts)
        .filter(({ expected, seen }) => {
          const right = split(expected);
          const digits = String(right.rest / thousand)
            .padEnd(6, '0')
            .slice(0, 6);
          return (
            right.rest < billion / 10n &&
            split(seen).seconds === right.seconds &&
            split(seen).rest === BigInt(digits) * thousand &&
            seen !== expected
          );
        })
        .map(({ check }) => check);
      const unpadded = facts.checks.filter(
        ({ what, seen }) => named('unpaddedReadings').test(what) && /(?:^|\D)\d+\.\d{1,5}(?!\d)/.test(seen),
      );
      return [...shown, ...bytes, ...cut, ...unpadded].slice(0, 2);
    },
  },
  'microseconds-as-nanoseconds': timeCause(
    ({ expected, seen }) => {
      const us = split(expected).rest / thousand;
      const wrong = [us, (us / thousand) * thousand, us / thousand];
      return split(seen).seconds === split(expected).seconds && wrong.includes(split(seen).rest);
    },
    {
      sentence: 'The driver takes the microseconds for nanoseconds, or divides them by 1000.',
      change: 'Multiply the value at BAR0 offset 32 by 1000 to get nanoseconds.',
    },
    // If none is left of a few microseconds, they may as well have been dropped.
    ({ seen }) => split(seen).rest !== 0n,
  ),
  'fraction-dropped': timeCause(
    (difference, facts) =>
      split(difference.expected).rest !== 0n &&
      timesOf(facts).some(({ seen }) => seen !== 0n) &&
      difference.seen === split(difference.expected).seconds * billion,
    {
      sentence: 'The driver does not use the microseconds: it shows the start of the second.',
      change: 'Add the microseconds at BAR0 offset 32 to the seconds.',
    },
    ({ expected }) => split(expected).rest >= thousand * thousand,
  ),
  'time-never-back': timeCause(
    ({ check, expected, seen }, { trace }) => {
      const before = trace.filter(isSample).filter(({ seq }) => seq < check.seq);
      // A driver that shows an old sample shows one from before the highest as well.
      return (
        seen > expected &&
        before.every(({ us }) => us * thousand <= seen) &&
        before.some(({ us }) => us * thousand === seen)
      );
    },
    {
      sentence: 'The driver shows no time that is before one that it has shown.',
      change: 'Show each sample (BAR0 offsets 24 and 32) as it is: the clock of the host may be set back.',
    },
  ),
  'earlier-sample-shown': timeCause(
    (difference, facts) => difference.seen !== difference.expected && isEarlierSample(difference, facts),
    {
      sentence: 'The driver shows the time of an earlier reading.',
      change: 'Read BAR0 offsets 24 and 32 for each reading, and show exactly that sample.',
    },
  ),
  'drift-sign': driftCause(
    ({ from, to, ...drift }, shown) =>
      isDrift({ from, to, ...drift }) && shown !== 0n && from <= -shown && -shown <= to,
    {
      sentence: 'The drift has the wrong sign: it is guest − host.',
      change: 'Show host − guest, so that a guest that is behind has a positive drift.',
    },
  ),
  'drift-overflow': driftCause(
    (drift, shown) => {
      if (!isDrift(drift) || BigInt.asIntN(32, shown) !== shown) return false;
      const { from, to } = drift;
      const next = from + ((((shown - from) % word) + word) % word);
      return BigInt.asIntN(32, from) !== from && next <= to;
    },
    {
      sentence: 'The drift is kept in 32 bits and overflows.',
      change: 'Keep the drift in nanoseconds as a signed 64-bit number.',
    },
  ),
  'drift-in-other-unit': driftCause(
    (drift, shown) =>
      isDrift(drift) &&
      shown !== 0n &&
      [thousand, thousand * thousand].some(
        (unit) => drift.from - unit <= shown * unit && shown * unit <= drift.to + unit,
      ),
    {
      sentence: 'The drift is shown in microseconds or milliseconds in place of nanoseconds.',
      change: 'Show the drift in nanoseconds, as the name of its attribute says.',
    },
  ),
  'drift-from-uptime': driftCause(
    (drift, shown, facts) => {
      const sample = sampleBefore(facts, drift.check);
      return sample !== undefined && sample > 1000n * day && shown > sample - day && shown <= sample;
    },
    {
      sentence: 'The drift is computed from the time since boot instead of the wall clock.',
      change: 'Subtract ktime_get_real() from the host time, not ktime_get() or jiffies.',
    },
  ),
  'drift-in-whole-seconds': {
    sentence: 'The drift is truncated to whole seconds.',
    change:
      'Compute the drift in nanoseconds from seconds (BAR0 offset 24) and microseconds (BAR0 offset 32), without rounding.',
    requirement: 'shows-drift',
    explains: ['shows-drift'],
    find: (facts) => {
      const drifts = driftsOf(facts);
      const whole = drifts.filter((drift) => (shownDrift(facts, drift) ?? 1n) % billion === 0n);
      return drifts.length > 1 && whole.length === drifts.length
        ? whole.slice(0, 2).map(({ check }) => check)
        : [];
    },
  },
  'drift-from-tai': driftCause(
    ({ check, from, to }, shown, { checks }) => {
      const tai = new RegExp(`^${checkNames.driftWithTai} (\\d+) s`).exec(check.what)?.[1];
      const offset = BigInt(tai ?? 0) * billion;
      const others = checks.some(
        ({ what, requirement }) => requirement === 'shows-drift' && !named('driftWithTai').test(what),
      );
      return tai !== undefined && !others && from - offset <= shown && shown <= to - offset;
    },
    {
      sentence:
        'The drift is computed from the clock in TAI, which is ahead of UTC once a time daemon has set its offset.',
      change: 'Use ktime_get_real() or ktime_mono_to_real(), not the forms for TAI.',
    },
  ),
  'drift-from-raw-clock': driftCause(
    // The clock that nobody adjusts is behind by a tenth of some seconds.
    ({ check, from, seen }) => check.what.endsWith(fastGuest) && seen < from && from - seen < 2n * billion,
    {
      sentence: 'The drift is computed with the clock of the kernel that time daemons do not adjust.',
      change: 'Take the time of the sample with ktime_get(), not with ktime_get_raw().',
    },
  ),
  'sample-placed-late': placementCause(
    'The driver assumes that the device took the sample after the read of the seconds.',
    ({ to, seen }) => seen - to,
  ),
  'sample-placed-early': placementCause(
    'The driver assumes that the device took the sample before the read of the seconds.',
    ({ from, seen }) => (from - seen > halfRead ? 0n : from - seen),
  ),
  'read-time-in-32-bits': driftCause(
    // The sample seems to be older than the read: half of a negative time was added to its begin.
    ({ check, from, seen }) =>
      /where the seconds take/.test(check.what) && from - seen > halfRead && from - seen < word,
    {
      sentence: 'The time that a read of the seconds takes is wrong if it is longer than 2^31 ns.',
      change: 'Compute the middle of the read in 64 bits: s64 or ktime_t.',
    },
  ),
  'guest-time-signed': {
    sentence: 'The guest time is negative beyond 2038: its seconds are a signed number of 32 bits.',
    change: 'Print tv_sec of ktime_get_real_ts64() as long long.',
    requirement: 'shows-guest-time',
    find: ({ reasons }) =>
      reasons
        .filter((reason) => /^the driver shows guest time as "-\d/.test(reason))
        .map(firstLine)
        .slice(0, 1),
  },
  'guest-time-from-uptime': {
    sentence: 'The driver shows the time since boot as the guest time.',
    change: 'Show ktime_get_real_ts64(), the wall clock, not ktime_get_ts64().',
    requirement: 'shows-guest-time',
    explains: ['shows-guest-time'],
    find: ({ checks }) =>
      checks
        .filter((check) => {
          const range = check.requirement === 'shows-guest-time' ? check.numbers : undefined;
          return range !== undefined && range.seen >= 0n && range.seen < day && range.from > 1000n * day;
        })
        .slice(0, 2),
  },
} as const satisfies Readonly<Record<string, Cause>>;
