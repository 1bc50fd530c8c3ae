// Causes that the driver's register accesses show by themselves.

import type { TraceEvent } from '../../base/trace-event.js';
import { CONFIG_OFFSET, CONFIG_SIZE, registers, status } from '../../vmmci/registers.js';
import { type Access, type Cause, type Facts, factsOf } from './facts.js';

const { isr, command, secondsLow, microsecondsLow, guestFeatures } = registers;

const reads = ({ accesses }: Facts): Access[] => accesses.filter(({ kind }) => kind === 'bar-read');
const writes = ({ accesses }: Facts): Access[] => accesses.filter(({ kind }) => kind === 'bar-write');

const covers = ({ offset, width }: Access, at: number): boolean => offset <= at && at < offset + width;
const inConfig = ({ offset }: Access): boolean => offset >= CONFIG_OFFSET;

const interruptsOf = ({ trace }: Facts): TraceEvent<'interrupt'>[] =>
  trace.filter((event) => event.kind === 'interrupt').filter(({ signalled }) => signalled === true);

const drivesDevice = (facts: Facts): boolean =>
  facts.trace.some((event) => event.kind === 'status' && (event.value & status.DRIVER_OK) !== 0);

/** Reads of the low words of the clock, which are those that take a sample and show it. */
const clockReads = (facts: Facts): Access[] =>
  reads(facts).filter(({ offset }) => offset === secondsLow.offset || offset === microsecondsLow.offset);

/** Whether bytes or halfwords are read one after the other where a dword is. */
const narrowReads = (facts: Facts, width: number): Access[] =>
  reads(facts).filter((access) => inConfig(access) && access.width === width);

export const accessCauses = {
  'isr-never-read': {
    sentence: 'The interrupt handler never reads the ISR, so the interrupt is never taken back.',
    change: 'Read the ISR (8 bits at BAR0 offset 19) first thing in the interrupt handler, and act on bit 1.',
    hosts: 'OpenBSD 8.0 and later: there the interrupt repeats for ever; earlier hosts interrupt once',
    find: (facts) => {
      const [first, second] = interruptsOf(facts);
      if (first === undefined) return [];
      // A reset of the device reads the ISR, too: only what comes before it counts.
      const after = facts.trace.slice(facts.trace.indexOf(first) + 1);
      const end = after.findIndex(
        (event) => event.kind === 'reset' || (event.kind === 'status' && event.value === 0),
      );
      const window = {
        ...facts,
        accesses: factsOf({ ...facts, trace: end === -1 ? after : after.slice(0, end) }).accesses,
      };
      const acts = reads(window).find(
        ({ offset, at }) => offset === command.offset && at - first.at < 100_000,
      );
      if (acts === undefined || reads(window).some((access) => covers(access, isr.offset))) return [];
      return second === undefined ? [first, acts] : [first, second, acts];
    },
  },
  'isr-read-wide': {
    sentence: 'The ISR is read together with its neighbours instead of by itself.',
    change: 'Read the ISR with 8 bits at BAR0 offset 19; a host dispatches on the offset alone.',
    find: (facts) =>
      reads(facts)
        .filter(
          (access) => covers(access, isr.offset) && (access.offset !== isr.offset || access.width !== 1),
        )
        .slice(0, 3),
  },
  'config-read-bytewise': {
    sentence: 'The config area is read byte by byte.',
    change:
      'Read each register of the config area with one 32-bit access; bytes in between are no registers.',
    explains: [
      'reads-clock-in-words',
      'register-widths',
      'shows-host-time',
      'acknowledges',
      'acknowledges-in-time',
    ],
    find: (facts) => narrowReads(facts, 1).slice(0, 4),
  },
  'config-read-halfwords': {
    sentence: 'The config area is read 16 bits at a time.',
    change: 'Read each register of the config area with one 32-bit access.',
    explains: [
      'reads-clock-in-words',
      'register-widths',
      'shows-host-time',
      'acknowledges',
      'acknowledges-in-time',
    ],
    find: (facts) => narrowReads(facts, 2).slice(0, 4),
  },
  'config-written-narrow': {
    sentence: 'The command is acknowledged with writes narrower than the register.',
    change: 'Write the command back with one 32-bit write at BAR0 offset 20.',
    find: (facts) => {
      const narrow = writes(facts).filter((access) => inConfig(access) && access.width < 4);
      return narrow.slice(0, 4);
    },
  },
  'config-at-24': {
    sentence: 'The config area is taken to start at offset 24, as it does with MSI-X.',
    change:
      'Without MSI-X the config area starts at BAR0 offset 20: command 20, seconds 24, microseconds 32.',
    find: (facts) => {
      const touched = facts.accesses.filter(inConfig);
      const beyond = touched.filter(({ offset }) => offset >= CONFIG_OFFSET + CONFIG_SIZE);
      const uses20 = touched.some(({ offset, width }) => offset === command.offset && width === 4);
      return beyond.length > 0 && !uses20 ? [...touched.slice(0, 2), ...beyond.slice(0, 2)] : [];
    },
  },
  'ack-at-wrong-offset': {
    sentence: 'The acknowledgement is written to another register than the command.',
    change: 'Write the value back to the register it was read from, BAR0 offset 20.',
    find: (facts) =>
      writes(facts)
        .filter(
          ({ offset, width }) =>
            offset > command.offset && width === 4 && offset < CONFIG_OFFSET + CONFIG_SIZE,
        )
        .filter(() => facts.accesses.some(({ offset, width }) => offset === command.offset && width === 4))
        .slice(0, 3),
  },
  'microseconds-before-seconds': {
    sentence: 'The microseconds are read before the seconds, so they belong to the sample before.',
    change: 'Read the seconds (offset 24, then 28) first: that read takes the sample that 32 and 36 show.',
    find: (facts) => {
      const clock = clockReads(facts);
      // Each reading of a driver that has the wrong order has it; single reads of one register prove nothing.
      const order = [microsecondsLow.offset, secondsLow.offset];
      const wrong = clock.every(({ offset }, index) => offset === order[index % 2]);
      return wrong && clock.length > 0 && clock.length % 2 === 0 ? clock.slice(0, 3) : [];
    },
  },
  'second-sample': {
    sentence: 'The seconds are read twice for one time, and the second read takes a new sample.',
    change: 'Read offset 24 once for each time, then 28, 32 and 36.',
    find: (facts) => {
      const clock = clockReads(facts);
      const readings = clock.flatMap(({ offset }, end) => (offset === microsecondsLow.offset ? [end] : []));
      const isSecond = (index: number): boolean => clock[index]?.offset === secondsLow.offset;
      // All readings: a driver that reads twice does so each time.
      const [first] = readings;
      const twice = readings.every((end) => isSecond(end - 1) && isSecond(end - 2));
      return first !== undefined && twice ? clock.slice(first - 2, first + 1) : [];
    },
    explains: ['shows-host-time', 'reads-clock-in-words', 'shows-drift'],
  },
  'features-not-written': {
    sentence: 'The driver comes up without writing the features that it accepts.',
    change: 'Write the accepted features to BAR0 offset 4 before DRIVER_OK.',
    find: (facts) => {
      if (facts.accesses.some(({ kind, offset }) => kind === 'bar-write' && offset === guestFeatures.offset))
        return [];
      const up = facts.trace.find(
        (event) => event.kind === 'status' && (event.value & status.DRIVER_OK) !== 0,
      );
      const offer = reads(facts).find(({ offset }) => offset === 0);
      return up === undefined ? [] : [...(offer === undefined ? [] : [offer]), up];
    },
  },
  'features-after-driver-ok': {
    sentence: 'The features are written when DRIVER_OK is already set.',
    change: 'Write the features to BAR0 offset 4 first, and set DRIVER_OK last.',
    find: (facts) => {
      let up: TraceEvent | undefined;
      for (const event of facts.trace) {
        if (event.kind === 'status') up = (event.value & status.DRIVER_OK) === 0 ? undefined : event;
        // A device that comes back cold has no status event for it: the driver's negotiation starts again.
        const restarts = event.kind === 'bar-write' && event.offset === registers.status.offset;
        if (event.kind === 'reset' || (restarts && (event.value & status.DRIVER_OK) === 0)) up = undefined;
        if (event.kind === 'bar-write' && event.offset === guestFeatures.offset && up !== undefined)
          return [up, event];
      }
      return [];
    },
  },
  'features-not-offered': {
    sentence: 'The driver accepts features that the host does not offer.',
    change: 'Accept only bits that BAR0 offset 0 reads as 1.',
    find: (facts) => {
      let offer: Access | undefined;
      for (const access of facts.accesses) {
        if (access.kind === 'bar-read' && access.offset === 0) offer = access;
        const writesFeatures = access.kind === 'bar-write' && access.offset === guestFeatures.offset;
        if (writesFeatures && offer !== undefined && (access.value & ~offer.value) !== 0)
          return [offer, access];
      }
      return [];
    },
  },
  'driver-ok-never-set': {
    sentence: 'The driver never sets DRIVER_OK.',
    change: 'Set bit 2 of the status (BAR0 offset 18) when the driver is ready for commands.',
    find: (facts) => {
      const written = writes(facts).filter(({ offset }) => offset === registers.status.offset);
      const bound = written.filter(({ value }) => (value & status.DRIVER) !== 0);
      return bound.length > 0 && !drivesDevice(facts) ? bound.slice(-2) : [];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
