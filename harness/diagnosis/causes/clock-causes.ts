// Causes that are visible in how the driver reads the clock of the device.

import type { TraceEvent } from '../../base/trace-event.js';
import { TIMESYNC } from '../../vmmci/features.js';
import { type RegisterName, registers } from '../../vmmci/registers.js';
import { named } from '../check-names.js';
import { checkCause } from './check-cause.js';
import { isCommandRead, isRead, reads } from './events.js';
import type { Access, Cause, Facts } from './facts.js';
import { timesOf } from './time-causes.js';

const { secondsLow, microsecondsLow } = registers;

/** The reads of the low words: that of the seconds takes a sample, that of the microseconds returns it. */
const clockReads = (facts: Facts): Access[] =>
  reads(facts).filter(({ offset }) => offset === secondsLow.offset || offset === microsecondsLow.offset);

const isSeconds = (access: Access | undefined): boolean => access?.offset === secondsLow.offset;
const isMicroseconds = (access: Access | undefined): boolean => access?.offset === microsecondsLow.offset;

/** True if all readings read the seconds twice: a driver with this fault does so each time. */
const isAlwaysTwice = (clock: readonly Access[]): boolean => {
  const ends = clock.flatMap((access, index) => (isMicroseconds(access) ? [index] : []));
  return ends.length > 0 && ends.every((end) => isSeconds(clock[end - 1]) && isSeconds(clock[end - 2]));
};

/**
 * The reads from where one reading begins before another has ended; empty if no two overlap. Each reading
 * must have one read of each register: other drivers read the seconds alone.
 */
export const overlappingReads = (facts: Facts): Access[] => {
  const clock = clockReads(facts);
  if (isAlwaysTwice(clock) || 2 * clock.filter(isSeconds).length !== clock.length) return [];
  let open = 0;
  const overlap = clock.findIndex((access) => {
    open += isSeconds(access) ? 1 : -1;
    return open > 1;
  });
  return overlap === -1 ? [] : clock.slice(overlap - 1, overlap + 3);
};

const ones = 0xffffffff;
const million = 1_000_000;

/** The last second that 32 bits can hold, in nanoseconds since 1970. */
const lastSecondNs = BigInt(ones) * 1_000_000_000n;

export const clockCauses = {
  'valid-time-refused': checkCause(
    // The device either responds with a valid time or does not respond at all.
    { what: /^errors of readings$/, seen: /Input\/output error.*No such device/ },
    {
      sentence: 'The driver returns an error for a time that is valid.',
      change: 'Refuse microseconds (BAR0 offset 32) of 1000000 and more, and no others.',
      requirement: 'no-time-is-an-error',
    },
  ),
  'slow-reading-refused': {
    sentence: 'The driver returns an error for a reading that takes long.',
    change: 'Wait for the device: the reads of BAR0 offsets 24 and 32 return when the host has time.',
    requirement: 'shows-drift',
    find: ({ trace, reasons }) => {
      const reason = reasons.find((line) => /\bread error: /.test(line))?.split('\n', 1)[0];
      const failed = trace.findLast((event) => event.kind === 'shell');
      if (reason === undefined || failed?.kind !== 'shell' || failed.status === 0) return [];
      const before = trace.findLast((event) => event.kind === 'shell' && event.seq < failed.seq)?.seq ?? 0;
      const faults = trace.filter(({ kind, seq }) => kind === 'fault' && seq > before && seq < failed.seq);
      const isSlow = faults.length > 0 && faults.every((fault) => 'delayMs' in fault);
      return isSlow ? [...faults.slice(0, 2), reason] : [];
    },
  },
  'microseconds-before-seconds': {
    sentence: 'The microseconds are read before the seconds, so they belong to the previous sample.',
    change:
      'Read the seconds (BAR0 offset 24, then 28) first: this read takes the sample to which the microseconds (32, 36) belong.',
    requirement: 'shows-host-time',
    find: (facts) => {
      const clock = clockReads(facts);
      const pairs = clock.flatMap((first, index) =>
        index % 2 === 0 ? [{ first, second: clock[index + 1] }] : [],
      );
      // Single reads of one register prove nothing.
      if (pairs.some(({ first, second }) => first.offset === second?.offset || second === undefined))
        return [];
      // A driver that has the wrong order in some of its readings reads more microseconds than seconds at
      // times, as one with the right order never does, however many readings there are at once.
      const wrong = pairs.filter(({ first }) => first.offset === microsecondsLow.offset);
      return wrong.length >= 2 || wrong.length === pairs.length
        ? wrong.flatMap(({ first, second }) => [first, ...(second === undefined ? [] : [second])]).slice(0, 4)
        : [];
    },
  },
  'high-words-read': {
    sentence:
      'The driver reads a high word of the clock, but never its low word. High words are 0 on every host.',
    change: 'Read the seconds at BAR0 offset 24 and the microseconds at 32; 28 and 36 are their high words.',
    requirement: 'shows-host-time',
    find: ({ trace }) => {
      const alone = (high: RegisterName, low: RegisterName): TraceEvent[] =>
        trace.some((event) => isRead(event, low)) ? [] : trace.filter((event) => isRead(event, high));
      const found = [...alone('secondsHigh', 'secondsLow'), ...alone('microsecondsHigh', 'microsecondsLow')];
      return found.slice(0, 3);
    },
  },
  'seconds-not-read': {
    sentence: 'The driver never reads the seconds, so the device takes no sample of its clock.',
    change: 'For each reading, read the seconds (BAR0 offset 24) first: this read takes the sample.',
    requirement: 'shows-host-time',
    explains: ['shows-host-time', 'shows-drift', 'shows-ptp-time', 'sets-clock'],
    find: (facts) => {
      const clock = clockReads(facts);
      return clock.some(isSeconds) ? [] : clock.slice(0, 3);
    },
  },
  'microseconds-not-read': {
    sentence: 'The driver reads the seconds, and never the microseconds.',
    change: 'For each reading, read the seconds (BAR0 offset 24) and then the microseconds (BAR0 offset 32).',
    requirement: 'shows-host-time',
    explains: ['shows-host-time', 'shows-ptp-time'],
    find: (facts) => {
      const clock = clockReads(facts);
      const [first, second] = clock.filter(isSeconds);
      return first === undefined || second === undefined || clock.some(isMicroseconds) ? [] : [first, second];
    },
  },
  'second-sample': {
    sentence: 'The driver reads the seconds twice for one reading, and the second read takes a new sample.',
    change: 'For each reading, read BAR0 offset 24 once, then 28, 32 and 36.',
    requirement: 'shows-host-time',
    explains: ['shows-host-time', 'reads-clock-in-words', 'shows-drift', 'keeps-transcript'],
    find: (facts) => {
      const clock = clockReads(facts);
      const first = clock.findIndex(isMicroseconds);
      return isAlwaysTwice(clock) ? clock.slice(first - 2, first + 1) : [];
    },
  },
  'time-torn': {
    sentence: 'Two concurrent readings mix the seconds of one sample with the microseconds of another.',
    change:
      'Let all readers hold one lock from the read of the seconds (BAR0 offset 24) to that of the microseconds (32).',
    requirement: 'shows-host-time',
    explains: ['shows-host-time', 'shows-ptp-time'],
    find: overlappingReads,
  },
  'last-second-taken-for-absence': {
    sentence: 'The driver takes seconds of all ones (2106-02-07T06:28:15Z) for an absent device.',
    change:
      'Treat only all ones in the microseconds (BAR0 offset 32) as an absent device: they are never a valid time.',
    requirement: 'shows-host-time',
    explains: ['shows-host-time', 'shows-ptp-time', 'reads-clock-in-words'],
    find: (facts) => {
      const { trace, reasons, checks } = facts;
      const read = trace.find((event) => isRead(event, 'secondsLow') && event.value === ones);
      const next = trace.find((event) => event.seq > (read?.seq ?? 0) && isRead(event, 'microsecondsLow'));
      const refused = [...reasons, ...checks.map(({ seen }) => seen)].find((line) =>
        /No such device|errno 19\b|\b(?:ENODEV)\b/.test(line),
      );
      const absent = next?.kind === 'bar-read' && next.value >= million;
      // Or 0 is shown in their place.
      const times = timesOf(facts);
      const isZero = times.every(({ expected, seen }) => expected - seen === lastSecondNs);
      const shown = refused ?? (isZero ? times[0]?.check : undefined);
      return read === undefined || shown === undefined || absent ? [] : [read, shown];
    },
  },
  'time-without-feature': {
    sentence: 'The driver reads the time although the host does not offer TIMESYNC.',
    change:
      'Read the time only if bit 0 (TIMESYNC) of the host features (BAR0 offset 0) is set, and return ENODATA otherwise.',
    requirement: 'respects-offer',
    find: ({ trace }) => {
      let offer: TraceEvent<'bar-read'> | undefined;
      for (const event of trace) {
        if (event.kind === 'bar-read' && event.absent) offer = undefined;
        if (isRead(event, 'hostFeatures')) offer = event;
        const time = isRead(event, 'secondsLow') || isRead(event, 'microsecondsLow');
        if (time && offer !== undefined && (offer.value & TIMESYNC) === 0) return [offer, event];
      }
      return [];
    },
  },
  'sample-shared': checkCause(
    // Two drifts of one sample are the same to the nanosecond.
    { what: named('samplesUnread', 'samplesTooClose'), seen: /^-\d|\b0\.0{9} s/ },
    {
      sentence:
        'Several readings show the same sample: the driver takes fewer samples than there are readings.',
      change: 'Read the time (BAR0 offset 24) for each reading, and keep no sample for a later one.',
      requirement: 'shows-host-time',
      explains: ['shows-host-time', 'shows-drift'],
    },
  ),
  'sample-overwritten': checkCause(
    {
      what: named('distinctReadings'),
      // Each reading has taken a sample of its own: otherwise, one sample serves several readings.
      holds: ({ seq }, { trace, checks }) =>
        !checks.some(({ what }) => named('samplesUnread').test(what)) &&
        trace.some(
          (event) => event.kind === 'check' && event.seq > seq && named('samplesUnread').test(event.what),
        ),
    },
    {
      sentence: 'A reading shows the sample of another one that runs at the same time.',
      change:
        'Keep the sample of a reading in a local variable, not in a static one or in that of the device.',
      requirement: 'shows-host-time',
    },
  ),
  'sampled-unasked': checkCause(
    {
      what: named('samplesOfPolls', 'samplesUnread', 'readsToSet'),
      besides: (_, { accesses }) => {
        const polls = accesses.filter(
          (access, index) => isCommandRead(access) && access.value === 0 && isSeconds(accesses[index + 1]),
        );
        return polls.length > 1 ? polls.slice(0, 2) : [];
      },
    },
    {
      sentence: 'The driver takes time samples that nobody has asked for, such as one in each poll.',
      change: 'In a poll, read the time (BAR0 offset 24) only at the debug level that is documented for it.',
      requirement: 'obeys-parameters',
      explains: ['obeys-parameters', 'shows-host-time', 'acknowledges-known-only'],
    },
  ),
  'unusable-microseconds-shown': {
    sentence: 'The driver shows microseconds of a million or more as a time.',
    change:
      'Return ENODEV if BAR0 offset 32 reads as all ones, and EIO if it reads as another value of 1000000 or more.',
    requirement: 'no-time-is-an-error',
    explains: ['no-time-is-an-error', 'shows-ptp-time'],
    find: ({ trace, checks }) => {
      for (const check of checks) {
        const read = trace.findLast((event) => event.seq < check.seq && isRead(event, 'microsecondsLow'));
        if (read?.kind !== 'bar-read' || read.value < million || read.value === ones) continue;
        // A drift of 0 was not computed from these microseconds.
        const shown = /^error of .*time/.test(check.what) && /^\d+\.\d+$/.test(check.seen);
        const ptp = /^errno where the microseconds/.test(check.what) && check.seen === '0';
        if (shown || ptp) return [read, check];
      }
      return [];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
