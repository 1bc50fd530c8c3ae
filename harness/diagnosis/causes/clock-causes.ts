// Causes that show in how the driver reads the clock of the device.

import type { TraceEvent } from '../../base/trace-event.js';
import { TIMESYNC } from '../../vmmci/features.js';
import { type RegisterName, registers } from '../../vmmci/registers.js';
import { isRead, reads } from './events.js';
import type { Access, Cause, Facts } from './facts.js';

const { secondsLow, microsecondsLow } = registers;

/** Reads of the low words, which are those that take a sample and show it. */
const clockReads = (facts: Facts): Access[] =>
  reads(facts).filter(({ offset }) => offset === secondsLow.offset || offset === microsecondsLow.offset);

const isSeconds = (access: Access | undefined): boolean => access?.offset === secondsLow.offset;
const isMicroseconds = (access: Access | undefined): boolean => access?.offset === microsecondsLow.offset;

/** Whether all readings read the seconds twice: a driver that does so does it each time. */
const isAlwaysTwice = (clock: readonly Access[]): boolean => {
  const ends = clock.flatMap((access, index) => (isMicroseconds(access) ? [index] : []));
  return ends.length > 0 && ends.every((end) => isSeconds(clock[end - 1]) && isSeconds(clock[end - 2]));
};

const ones = 0xffffffff;
const million = 1_000_000;

export const clockCauses = {
  'microseconds-before-seconds': {
    sentence: 'The microseconds are read before the seconds, so they belong to the sample before.',
    change: 'Read the seconds (offset 24, then 28) first: that read takes the sample that 32 and 36 show.',
    requirement: 'shows-host-time',
    find: (facts) => {
      const clock = clockReads(facts);
      // Each reading of a driver that has the wrong order has it; single reads of one register prove nothing.
      const order = [microsecondsLow.offset, secondsLow.offset];
      const wrong = clock.every(({ offset }, index) => offset === order[index % 2]);
      return wrong && clock.length > 0 && clock.length % 2 === 0 ? clock.slice(0, 3) : [];
    },
  },
  'high-words-read': {
    sentence: 'A high word of the clock is read, and the low word never: the high words are 0 on every host.',
    change: 'Read the seconds at offset 24 and the microseconds at 32; 28 and 36 are their high words.',
    requirement: 'shows-host-time',
    find: ({ trace }) => {
      const alone = (high: RegisterName, low: RegisterName): TraceEvent[] =>
        trace.some((event) => isRead(event, low)) ? [] : trace.filter((event) => isRead(event, high));
      const found = [...alone('secondsHigh', 'secondsLow'), ...alone('microsecondsHigh', 'microsecondsLow')];
      return found.slice(0, 3);
    },
  },
  'second-sample': {
    sentence: 'The seconds are read twice for one time, and the second read takes a new sample.',
    change: 'Read offset 24 once for each time, then 28, 32 and 36.',
    requirement: 'shows-host-time',
    explains: ['shows-host-time', 'reads-clock-in-words', 'shows-drift', 'keeps-transcript'],
    find: (facts) => {
      const clock = clockReads(facts);
      const first = clock.findIndex(isMicroseconds);
      return isAlwaysTwice(clock) ? clock.slice(first - 2, first + 1) : [];
    },
  },
  'time-torn': {
    sentence: 'Two readings at once take seconds of one sample and microseconds of another.',
    change: 'Hold one lock from the read of the seconds to that of the microseconds, for all readers.',
    requirement: 'shows-host-time',
    explains: ['shows-host-time', 'shows-ptp-time'],
    find: (facts) => {
      const clock = clockReads(facts);
      if (isAlwaysTwice(clock)) return [];
      const start = clock.findIndex(
        (access, index) =>
          isSeconds(access) &&
          isSeconds(clock[index + 1]) &&
          isMicroseconds(clock[index + 2]) &&
          isMicroseconds(clock[index + 3]),
      );
      return start === -1 ? [] : clock.slice(start, start + 4);
    },
  },
  'last-second-taken-for-absence': {
    sentence: 'Seconds that read as all ones (2106-02-07T06:28:15Z) are taken for an absent device.',
    change: 'Take all ones in the microseconds (offset 32) for an absent device: they are never a time.',
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
      return read === undefined || refused === undefined || absent ? [] : [read, refused];
    },
  },
  'time-without-feature': {
    sentence: 'The time is read though the host does not offer it.',
    change:
      'Read the time only if bit 0 of the host features (BAR0 offset 0) is set, and give ENODATA otherwise.',
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
  'unusable-microseconds-shown': {
    sentence: 'Microseconds of a million and more are shown as a time.',
    change: 'Give EIO when offset 32 reads as 1000000 or more, and ENODEV when it reads as all ones.',
    requirement: 'no-time-is-an-error',
    explains: ['no-time-is-an-error', 'shows-ptp-time'],
    find: ({ trace, checks }) => {
      for (const check of checks) {
        const read = trace.findLast((event) => event.seq < check.seq && isRead(event, 'microsecondsLow'));
        if (read?.kind !== 'bar-read' || read.value < million || read.value === ones) continue;
        // A drift of 0 is no time that was made of them.
        const shown = /^error of .*time/.test(check.what) && /^\d+\.\d+$/.test(check.seen);
        const ptp = /^errno where the microseconds/.test(check.what) && check.seen === '0';
        if (shown || ptp) return [read, check];
      }
      return [];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
