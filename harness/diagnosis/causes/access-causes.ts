// Causes that are visible in the driver's register accesses alone.

import type { TraceEvent } from '../../base/trace-event.js';
import { ACK, SYNCRTC, TIMESYNC } from '../../vmmci/features.js';
import { CONFIG_OFFSET, CONFIG_SIZE, registers, status } from '../../vmmci/registers.js';
import { checkCause } from './check-cause.js';
import { isDown, isRead, isUp, isWrite, reads, writes } from './events.js';
import type { Access, Cause, Facts } from './facts.js';

const { command, guestFeatures, hostFeatures, microsecondsHigh, microsecondsLow, secondsHigh } = registers;

const inConfig = ({ offset }: Access): boolean => offset >= CONFIG_OFFSET;

/** The widths in bytes of registers of the header, by offset; the ISR has a cause of its own. */
const headerWidths: ReadonlyMap<number, number> = new Map(
  [hostFeatures, guestFeatures, registers.status].map(({ offset, size }) => [offset, size]),
);

/** True if a register is read as consecutive bytes or halfwords instead of as a dword. */
const narrowReads = (facts: Facts, width: number): Access[] =>
  reads(facts).filter((access) => inConfig(access) && access.width === width);

/** The features of the device: TIMESYNC, ACK and SYNCRTC. */
const known = TIMESYNC | ACK | SYNCRTC;

/** The other bits that mean something else for each type of device (virtio 1.2, 2.2). */
const unknown = 0xff_ffff & ~known;

export const accessCauses = {
  'config-read-bytewise': {
    sentence: 'The driver reads the device registers (BAR0 offset 20 and up) byte by byte.',
    change:
      'Read each register with one 32-bit access (command 20, seconds 24, microseconds 32): vmd answers other offsets with old values.',
    requirement: 'reads-clock-in-words',
    find: (facts) => narrowReads(facts, 1).slice(0, 4),
  },
  'config-read-halfwords': {
    sentence: 'The driver reads the device registers (BAR0 offset 20 and up) 16 bits at a time.',
    change:
      'Read each register with one 32-bit access (command 20, seconds 24, microseconds 32): vmd answers other offsets with old values.',
    requirement: 'reads-clock-in-words',
    find: (facts) => narrowReads(facts, 2).slice(0, 4),
  },
  'config-written-narrow': {
    sentence: 'The driver writes the acknowledgement with accesses of 8 or 16 bits.',
    change: 'Write the command back with one 32-bit write to BAR0 offset 20.',
    requirement: 'register-widths',
    find: (facts) => {
      const narrow = writes(facts).filter((access) => inConfig(access) && access.width < 4);
      return narrow.slice(0, 4);
    },
  },
  'header-width-wrong': {
    sentence: 'The driver accesses the features or the status with another width than that of the register.',
    change:
      'Access the features (BAR0 offsets 0 and 4) with 32 bits, and the status (BAR0 offset 18) with 8 bits.',
    requirement: 'register-widths',
    explains: [
      'register-widths',
      'respects-offer',
      'negotiates-features',
      'serves-virtio',
      'resets-device',
      'driver-ok',
      'keeps-transcript',
    ],
    find: ({ accesses }) =>
      accesses
        .filter(({ offset, width }) => headerWidths.has(offset) && headerWidths.get(offset) !== width)
        .slice(0, 4),
  },
  'config-at-24': {
    sentence: 'The driver assumes that the device registers start at BAR0 offset 24, as they do with MSI-X.',
    change:
      'The device has no MSI-X: its registers start at BAR0 offset 20 (command 20, seconds 24, microseconds 32).',
    requirement: 'acknowledges',
    find: (facts) => {
      const touched = facts.accesses.filter(inConfig);
      // Every register is taken to be 4 bytes further on, so the last one is right behind the area.
      const end = CONFIG_OFFSET + CONFIG_SIZE;
      const beyond = touched.filter(({ offset }) => offset >= end && offset < end + 4);
      const touches = ({ offset: at }: { offset: number }): boolean =>
        touched.some(({ offset, width }) => offset === at && width === 4);
      // No driver needs only the high words. Reads of them mean low words at offsets that are 4 too high.
      const highAlone = touches(secondsHigh) && touches(microsecondsHigh) && !touches(microsecondsLow);
      // The acknowledgement may be written by other code.
      if (touched.some((access) => access.kind === 'bar-read' && access.offset === command.offset)) return [];
      return beyond.length > 0 || highAlone ? [...touched.slice(0, 3), ...beyond.slice(0, 1)] : [];
    },
  },
  'accesses-differ-from-transcript': checkCause(
    { what: /^(?:accesses in|phases)/, seen: /^[-+] / },
    {
      sentence: 'The register accesses of the driver differ from the transcript that is stored beside it.',
      change:
        'Look at the lines that differ (- stored, + seen). If the change is intended, run: vmmci transcript --update.',
      requirement: 'keeps-transcript',
    },
  ),
  'registers-read-in-a-loop': {
    sentence:
      'The driver reads the same registers in an endless loop: it waits for a value that never appears.',
    change: 'Limit the number of reads, and sleep between two of them. The lines below name the registers.',
    requirement: 'no-needless-accesses',
    find: (facts) => {
      const reason = facts.reasons.find((line) =>
        /^livelock: .*(?:accesses to the same registers|reads of the clock)/.test(line),
      );
      return reason === undefined ? [] : [...reads(facts).slice(-2), reason];
    },
  },
  'ack-at-wrong-offset': {
    sentence: 'The driver writes the acknowledgement to the wrong register.',
    change: 'Write the command back (32 bits) to the register that it was read from, BAR0 offset 20.',
    requirement: 'acknowledges',
    find: (facts) =>
      writes(facts)
        .filter(
          ({ offset, width }) =>
            offset > command.offset && width === 4 && offset < CONFIG_OFFSET + CONFIG_SIZE,
        )
        .filter(() => facts.accesses.some(({ offset, width }) => offset === command.offset && width === 4))
        .slice(0, 3),
  },
  'features-not-written': {
    sentence: 'The driver sets DRIVER_OK without writing the features that it accepts.',
    change: 'Write the accepted features (32 bits, BAR0 offset 4) before DRIVER_OK.',
    requirement: 'negotiates-features',
    find: (facts) => {
      // A reset may write 0 to the features; the driver writes its own after it has found the device.
      const up = facts.trace.find(isUp);
      const reset = facts.trace.findLast((event) => isDown(event) && event.seq < (up?.seq ?? 0));
      const found = facts.trace.find(
        (event) =>
          event.kind === 'status' && event.seq > (reset?.seq ?? -1) && (event.value & status.DRIVER) !== 0,
      );
      if (up === undefined || found === undefined) return [];
      const written = facts.trace.some(
        (event) =>
          isWrite(event, 'guestFeatures') &&
          event.seq < up.seq &&
          (event.seq > found.seq || event.value !== 0),
      );
      const offer = facts.accesses.find((event) => isRead(event, 'hostFeatures'));
      return written ? [] : [...(offer === undefined ? [] : [offer]), up];
    },
  },
  'features-not-written-again': {
    sentence: 'A driver that is bound again sets DRIVER_OK without writing the features that it accepts.',
    change:
      'Write the features (32 bits, BAR0 offset 4) each time before DRIVER_OK: the reset in between has cleared them.',
    requirement: 'negotiates-features',
    explains: ['negotiates-features', 'driver-ok'],
    find: (facts) => {
      let cleared: TraceEvent | undefined;
      let isWritten = false;
      let hasWritten = false;
      let offered = known;
      for (const event of facts.trace) {
        // After a reset of the machine or a sleep it is another fault.
        if (event.kind === 'reset') hasWritten = false;
        if (isWrite(event, 'guestFeatures')) {
          isWritten = event.value !== 0;
          hasWritten ||= isWritten;
          if (!isWritten) cleared = event;
        }
        // A driver accepts nothing of a host that offers nothing.
        if (isRead(event, 'hostFeatures')) offered = event.value & known;
        const setsDriverOk = isWrite(event, 'status') && (event.value & status.DRIVER_OK) !== 0;
        const isMissing = offered !== 0 && hasWritten && !isWritten;
        if (setsDriverOk && isMissing && cleared !== undefined) return [cleared, event];
      }
      return [];
    },
  },
  'features-after-driver-ok': {
    sentence: 'The driver writes its features after it has set DRIVER_OK.',
    change: 'Write the features to BAR0 offset 4 first, and then DRIVER_OK to the status (BAR0 offset 18).',
    requirement: 'negotiates-features',
    find: (facts) => {
      let up: TraceEvent | undefined;
      for (const event of facts.trace) {
        if (event.kind === 'status') up = (event.value & status.DRIVER_OK) === 0 ? undefined : event;
        // A device that comes back after a reset has no status event for that, but the driver negotiates
        // again.
        const restarts = event.kind === 'bar-write' && event.offset === registers.status.offset;
        if (event.kind === 'reset' || (restarts && (event.value & status.DRIVER_OK) === 0)) up = undefined;
        // Writing 0 is a part of a reset.
        const isNegotiation = isWrite(event, 'guestFeatures') && event.value !== 0;
        if (isNegotiation && up !== undefined) return [up, event];
      }
      return [];
    },
  },
  'feature-not-accepted': {
    sentence: 'The driver does not accept a feature that it needs and that the host offers.',
    change:
      'List TIMESYNC (bit 0), ACK (1) and SYNCRTC (2) in the feature table of the virtio driver; they are written to BAR0 offset 4.',
    requirement: 'negotiates-features',
    explains: ['negotiates-features', 'driver-ok', 'comes-back', 'respects-offer', 'restores-after-sleep'],
    find: ({ trace, used = known }) => {
      let offer: Access | undefined;
      let found = false;
      for (const event of trace) {
        if (isDown(event)) found = false;
        if (event.kind === 'status' && (event.value & status.DRIVER) !== 0) found = true;
        if (isRead(event, 'hostFeatures')) offer = event;
        if (!found || !isWrite(event, 'guestFeatures') || offer === undefined) continue;
        if ((offer.value & ~event.value & used) !== 0) return [offer, event];
      }
      return [];
    },
  },
  'partial-offer-refused': {
    sentence: 'The driver does not come up if the host offers only some of the features.',
    change: 'Do not require a feature: without TIMESYNC there is no time, without ACK no acknowledgement.',
    requirement: 'respects-offer',
    explains: ['respects-offer', 'no-time-is-an-error'],
    find: ({ trace, reasons }) => {
      if (reasons.some((reason) => reason.startsWith('the guest panicked'))) return [];
      const offers = trace.filter((event) => isRead(event, 'hostFeatures'));
      const last = offers.at(-1);
      if (last === undefined || (last.value & known) === known) return [];
      const begin = offers.find(({ value, seq }) => value === last.value && seq <= last.seq)?.seq ?? 0;
      const full = offers.find(({ value, seq }) => (value & known) === known && seq < begin);
      const cameUp = trace.some(
        (event) => isUp(event) && event.seq < begin && event.seq > (full?.seq ?? begin),
      );
      const isUnbound = !trace.some((event) => isUp(event) && event.seq > begin);
      return cameUp && isUnbound && full !== undefined ? [full, last] : [];
    },
  },
  'features-not-offered': {
    sentence: 'The driver accepts features that the host does not offer.',
    change: 'Accept only features that the host offers: the bits that are 1 in BAR0 offset 0.',
    requirement: 'respects-offer',
    find: (facts) => {
      let offer: Access | undefined;
      for (const access of facts.accesses) {
        if (isRead(access, 'hostFeatures')) offer = access;
        const writesFeatures = access.kind === 'bar-write' && access.offset === guestFeatures.offset;
        if (writesFeatures && offer !== undefined && (access.value & ~offer.value) !== 0)
          return [offer, access];
      }
      return [];
    },
  },
  'unknown-feature-accepted': {
    sentence: 'The driver accepts a feature of the device that it does not know.',
    change: 'List only TIMESYNC (bit 0), ACK (1) and SYNCRTC (2) in the feature table of the virtio driver.',
    requirement: 'negotiates-features',
    explains: ['negotiates-features'],
    find: ({ accesses }) => {
      let offer: Access | undefined;
      for (const access of accesses) {
        if (isRead(access, 'hostFeatures')) offer = access;
        if (offer === undefined || !isWrite(access, 'guestFeatures')) continue;
        if ((access.value & offer.value & unknown) !== 0) return [offer, access];
      }
      return [];
    },
  },
  'driver-ok-never-set': {
    sentence: 'The driver never sets DRIVER_OK.',
    change: 'Set DRIVER_OK (bit 2 of the status, BAR0 offset 18) when the driver is ready for commands.',
    requirement: 'driver-ok',
    find: (facts) => {
      const written = writes(facts).filter(({ offset }) => offset === registers.status.offset);
      const bound = written.filter(({ value }) => (value & status.DRIVER) !== 0);
      // A crash in probe has another cause.
      const crashed = facts.reasons.some((reason) => reason.startsWith('the guest panicked'));
      // The virtio core sets FAILED if probe returns an error.
      const refused = written.some(({ value }) => (value & status.FAILED) !== 0);
      return bound.length > 0 && !facts.trace.some(isUp) && !crashed && !refused ? bound.slice(-2) : [];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
