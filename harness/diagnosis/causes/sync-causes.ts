// Causes that are visible in the guest's clock after a SYNCRTC.

import type { TraceEvent } from '../../base/trace-event.js';
import { named } from '../check-names.js';
import { checkCause } from './check-cause.js';
import { exchangesOf, isAck, isRead, isSent } from './events.js';
import type { Cause, Facts, FailedCheck } from './facts.js';

const thousand = 1_000n;
const billion = 1_000_000_000n;
const half = billion / 2n;

/** The error of the clock after a SYNCRTC that set it to about the right time. */
interface Setting {
  readonly check: FailedCheck;
  /** The minimum and maximum of the guest's clock minus the device's, in nanoseconds. */
  readonly min: bigint;
  readonly max: bigint;
  /** Nanoseconds within the second of the sample that the clock was set to. */
  readonly fraction: bigint;
}

/** With wider bounds a check cannot distinguish a lost fraction from half a second. */
const narrow = 300_000_000n;

const settingsOf = ({ checks, trace }: Facts): Setting[] =>
  checks.flatMap((check) => {
    const { numbers } = check;
    if (!/^guest's clock afterwards/.test(check.what) || numbers === undefined) return [];
    const { from, to, seen } = numbers;
    const sample = trace.findLast(
      (event): event is TraceEvent<'sample'> => event.kind === 'sample' && event.seq < check.seq,
    );
    if (sample === undefined || to - from > narrow) return [];
    return [{ check, min: seen - to, max: seen - from, fraction: (sample.us * thousand) % billion }];
  });

const isAbout = ({ min, max }: Setting, value: bigint): boolean => min <= value && value <= max;

const settingCause = (
  offset: (setting: Setting) => bigint,
  cause: Pick<Cause, 'sentence' | 'change'>,
): Cause => ({
  ...cause,
  requirement: 'sets-clock',
  explains: ['sets-clock'],
  find: (facts) => {
    const settings = settingsOf(facts);
    const all = settings.length > 0 && settings.every((setting) => isAbout(setting, offset(setting)));
    return all ? settings.slice(0, 2).map(({ check }) => check) : [];
  },
});

/** More reads of the time than one SYNCRTC can need. */
const manyReads = 100;

const unloadHangs = /^no answer to `unload .*` within /;

const noStep = /^no step of the guest's clock/;

/** Finds the SYNCRTC for which the time was read but the clock not set, so that the scenario ended. */
const withoutStep = (
  facts: Facts,
): { sent: TraceEvent<'command'>; read: TraceEvent; reason: string } | undefined => {
  const reason = facts.reasons.find((line) => noStep.test(line));
  const last = exchangesOf(facts).at(-1);
  const read = last?.events.find((event) => isRead(event, 'secondsLow'));
  if (reason === undefined || last === undefined || read === undefined) return undefined;
  return last.sent.name === 'SYNCRTC' && last.events.some(isAck)
    ? { sent: last.sent, read, reason: firstLineOf(reason) }
    : undefined;
};

const firstLineOf = (text: string): string => text.split('\n', 1)[0] ?? '';

const checkBefore = ({ trace }: Facts, { seq }: TraceEvent, what: RegExp): TraceEvent | undefined =>
  trace.findLast((event) => event.kind === 'check' && event.seq < seq && what.test(event.what));

/** Returns the instant in the name of the check of a SYNCRTC. */
const instantOf = (event: TraceEvent): bigint | undefined => {
  const text = event.kind === 'check' ? /SYNCRTC at (\S+Z)/.exec(event.what)?.[1] : undefined;
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : BigInt(ms);
};

const instantsOf = ({ trace }: Facts): { event: TraceEvent; ms: bigint }[] =>
  trace.flatMap((event) => {
    const ms = instantOf(event);
    return ms === undefined ? [] : [{ event, ms }];
  });

/** The nanoseconds since 1970 in `2026-11-22T12:34:58.123456Z (1795350898123456000 ns)`. */
const instantIn = (text = ''): bigint | undefined => {
  const ns = /\((-?\d+) ns\)/.exec(text)?.[1];
  return ns === undefined ? undefined : BigInt(ns);
};

/** How long the microseconds take in slow-clock, in nanoseconds. */
const slowRegisters = 2_200_000_000n;

/**
 * The SYNCRTC after which the clock was too early by `min` to `max` nanoseconds, and the check that shows it.
 */
const setTooEarly = (facts: Facts, min: bigint, max: bigint): TraceEvent[] => {
  const check = facts.checks.find(
    ({ what, expected }) => /^the guest's clock after it/.test(what) && /or more$/.test(expected),
  );
  const [earliest, set] = [instantIn(check?.expected), instantIn(check?.seen)];
  if (check === undefined || earliest === undefined || set === undefined) return [];
  if (earliest - set < min || earliest - set > max) return [];
  const sent = facts.trace.findLast((event) => isSent(event) && event.seq < check.seq);
  // If the drift is wrong as well, the time of the sample is wrong, and this is only a consequence.
  return sent === undefined || facts.failed.has('shows-drift') ? [] : [sent, check];
};

export const syncCauses = {
  'sync-loses-fraction': settingCause(({ fraction }) => -fraction, {
    sentence: 'SYNCRTC sets the clock to the start of the second: the microseconds are lost.',
    change:
      'Set the clock to seconds and nanoseconds; the nanoseconds are the value at BAR0 offset 32 times 1000.',
  }),
  'sync-adds-half-a-second': settingCause(() => half, {
    sentence: 'SYNCRTC sets the clock half a second ahead.',
    change:
      'Set the clock to the sample plus the time that has passed since; half a second is only for clocks without microseconds.',
  }),
  'sync-never-back': {
    sentence: 'SYNCRTC sets the clock forward but never back.',
    change:
      'Set the clock to the time of the device (BAR0 offsets 24 and 32), whether the guest is ahead or behind.',
    requirement: 'sets-clock',
    explains: ['sets-clock'],
    find: (facts) => {
      const end = withoutStep(facts);
      const instants = instantsOf(facts);
      const backward = instants.filter(({ ms }, index) => ms < (instants[index - 1]?.ms ?? ms));
      const [last, before] = instants.reverse();
      if (end === undefined || last === undefined || before === undefined) return [];
      // If the clock was set back before, there is another reason.
      return last.ms < before.ms && backward.length === 1
        ? [before.event, last.event, end.read, end.reason]
        : [];
    },
  },
  'sync-not-to-device-time': {
    sentence: 'For SYNCRTC the driver reads the time of the device, but does not set the clock to it.',
    change: 'Call do_settimeofday64() with the time from BAR0 offsets 24 and 32, not with that of the RTC.',
    requirement: 'sets-clock',
    explains: ['sets-clock', 'carries-out'],
    find: (facts) => {
      const end = withoutStep(facts);
      const instants = instantsOf(facts);
      // The first command of the scenario steps the clock forward. A driver may set it forward, but not back.
      const first = exchangesOf(facts).find(({ sent }) => sent.name === 'SYNCRTC');
      const isAhead = facts.trace.some(
        (event) => event.kind === 'check' && /^SYNCRTC .*\bis ahead\b/.test(event.what),
      );
      return end !== undefined && first?.sent.seq === end.sent.seq && instants.length < 2 && !isAhead
        ? [end.sent, end.read, end.reason]
        : [];
    },
  },
  'sync-adds-delay-of-ticks': checkCause(
    {
      what: named('setBeforeSample'),
      holds: (_, { checks }) => !checks.some(({ what }) => named('resolutionOfSet').test(what)),
    },
    {
      sentence: 'SYNCRTC sets the clock to a time before the sample was taken.',
      change:
        'Measure the time since the read of BAR0 offset 24 with ktime_get(), not with ktime_get_coarse() or jiffies, and add it.',
      requirement: 'sets-clock',
    },
  ),
  'sync-rounds-time': checkCause(
    { what: named('resolutionOfSet') },
    {
      sentence: 'SYNCRTC sets the clock to a rounded time.',
      change:
        'Set the clock to the sample plus the time since the read of BAR0 offset 24, to the nanosecond.',
      requirement: 'sets-clock',
    },
  ),
  'sync-uses-time-zone': {
    sentence: 'SYNCRTC applies the time zone of the kernel to the time of the device.',
    change: 'Set the clock to the time of the device unchanged: it is UTC, whatever sys_tz is.',
    requirement: 'sets-clock',
    explains: ['sets-clock'],
    find: (facts) => {
      const end = withoutStep(facts);
      const zone = end && checkBefore(facts, end.read, /time zone in the kernel/);
      return end === undefined || zone === undefined ? [] : [zone, end.read, end.reason];
    },
  },
  'sync-without-delay': {
    sentence: 'SYNCRTC sets the clock to the sample without the time that has passed since it was taken.',
    change: 'Add the time from the read of BAR0 offset 24 to the moment at which the clock is set.',
    requirement: 'sets-clock',
    explains: ['sets-clock'],
    // A clock that is off by less was set to another time.
    find: (facts) => setTooEarly(facts, billion, slowRegisters),
  },
  'sync-delay-in-32-bits': {
    sentence:
      'SYNCRTC sets the clock to a time before the sample if more than 2^31 ns have passed since it was taken.',
    change: 'Keep the time since the sample in 64 bits: s64 or ktime_t.',
    requirement: 'sets-clock',
    explains: ['sets-clock'],
    find: (facts) => setTooEarly(facts, slowRegisters + 1n, 1n << 32n),
  },
  'sync-during-sync-dropped': checkCause(
    { what: named('hoursAfterSecond'), seen: /^-1$/ },
    {
      sentence:
        'A SYNCRTC that arrives while the driver carries out another one is acknowledged, but not carried out.',
      change: 'Call queue_work() for each SYNCRTC: it queues a work that is running once more.',
      requirement: 'carries-out',
    },
  ),
  'sync-repeated-for-ever': {
    sentence: 'The driver carries out one SYNCRTC again and again if the clock cannot be set.',
    change: 'Log the error of do_settimeofday64(), and leave the clock alone until the next SYNCRTC.',
    requirement: 'carries-out',
    find: (facts) => {
      const sent = facts.trace.findLast(isSent);
      // Also those after a reset: the removal of the driver may wait for the work that reads.
      const reads = facts.trace.filter(
        (event) => event.seq > (sent?.seq ?? 0) && isRead(event, 'secondsLow'),
      );
      const reason = facts.reasons.find((line) => unloadHangs.test(line));
      return sent?.name === 'SYNCRTC' && reason !== undefined && reads.length >= manyReads
        ? [sent, ...reads.slice(-2), firstLineOf(reason)]
        : [];
    },
  },
  'sync-without-valid-time': checkCause(
    // A clock that is never set right is another fault.
    { what: named('hoursWithoutTime'), holds: (_, { failed }) => !failed.has('carries-out') },
    {
      sentence: 'SYNCRTC sets the clock from microseconds that are not below a million.',
      change: 'Leave the clock alone if the microseconds (BAR0 offset 32) are not below 1000000.',
      requirement: 'no-time-is-an-error',
    },
  ),
  'sync-ignores-small-steps': {
    sentence: 'SYNCRTC does not correct a clock that is only slightly off.',
    change: 'Set the clock for each SYNCRTC, however small the difference is.',
    requirement: 'sets-clock',
    explains: ['sets-clock'],
    find: (facts) =>
      facts.checks.flatMap((check) => {
        if (named('setFromLittle').test(check.what)) return facts.failed.has('shows-drift') ? [] : [check];
        const range = /^the guest's clock after it/.test(check.what) ? check.numbers : undefined;
        const ahead = checkBefore(facts, check, /^SYNCRTC to a guest that is ahead/);
        if (range === undefined || ahead === undefined || facts.failed.has('shows-drift')) return [];
        // The clock was ahead by a second, and still is.
        const off = range.seen - range.from;
        return off >= billion && off < 2n * billion ? [ahead, check] : [];
      }),
  },
} as const satisfies Readonly<Record<string, Cause>>;
