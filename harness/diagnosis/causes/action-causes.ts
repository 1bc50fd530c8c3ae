// Causes that are visible in what the driver does for a command, and how often.

import type { TraceEvent } from '../../base/trace-event.js';
import { commands } from '../../vmmci/commands.js';
import { ACK, TIMESYNC } from '../../vmmci/features.js';
import { ISR_CONFIG, status } from '../../vmmci/registers.js';
import { named } from '../check-names.js';
import { checksOf } from './check-cause.js';
import {
  type Exchange,
  exchangesOf,
  following,
  inExchange,
  isAck,
  isCommandRead,
  isDown,
  isRead,
  isSent,
  isUp,
  second,
  sleeps,
  untilSent,
} from './events.js';
import type { Cause } from './facts.js';

const { SHUTDOWN, REBOOT, SYNCRTC } = commands;

/** Finds a second acknowledgement after a reset although the host sent nothing in between. */
const repeated = (
  ack: TraceEvent<'bar-write'>,
  after: readonly TraceEvent[],
  asleep: boolean,
): TraceEvent[] | undefined => {
  const events = untilSent(after);
  const down = events.find(isDown);
  const again = events.find((event) => isAck(event) && down !== undefined && event.seq > down.seq);
  const stops = ack.value === SHUTDOWN || ack.value === REBOOT;
  return stops && down !== undefined && again !== undefined && sleeps(events) === asleep
    ? [down, again]
    : undefined;
};

export const actionCauses = {
  'command-acted-on-again': {
    sentence: 'The driver acts on the same command again each time that it reads the register.',
    change:
      'Remember the value that was handled, and ignore it as long as BAR0 offset 20 reads as that value.',
    requirement: 'acts-once',
    explains: ['acts-once', 'acknowledges', 'respects-offer', 'one-interrupt'],
    find: (facts) =>
      inExchange(facts, ({ sent, events }) => {
        const [first, ...others] = events.filter((event) => isCommandRead(event) && event.value !== 0);
        const again = others.at(0);
        if (first === undefined || again === undefined) return undefined;
        const done = (from: TraceEvent, to: TraceEvent | undefined): TraceEvent | undefined =>
          events.find(
            (event) =>
              event.seq > from.seq &&
              event.seq < (to?.seq ?? Number.POSITIVE_INFINITY) &&
              (isAck(event) || (sent.name === 'SYNCRTC' && isRead(event, 'secondsLow'))),
          );
        const once = done(first, again);
        const twice = done(again, others.at(1));
        if (once === undefined || twice === undefined || once.kind !== twice.kind) return undefined;
        return [once, again, twice];
      }),
  },
  'handled-command-forgotten': {
    sentence:
      'The driver acts on a command again that it has handled before the device did not respond for a while.',
    change: 'Ignore a command (BAR0 offset 20) that reads as all ones, and keep the value that was handled.',
    requirement: 'acts-once',
    explains: ['acts-once'],
    find: (facts) =>
      inExchange(facts, ({ events }) => {
        const gone = events.filter(isCommandRead).find(({ value }) => value === 0xffffffff);
        const acks = events.filter(isAck);
        const before = acks.filter(({ seq }) => seq < (gone?.seq ?? 0));
        const again = acks.find(({ seq }) => seq > (gone?.seq ?? seq));
        return gone === undefined || again === undefined || before.length !== 1
          ? undefined
          : [...before, gone, again];
      }),
  },
  'stop-repeated-after-sleep': {
    sentence:
      'After a sleep of the guest the driver acts again on a SHUTDOWN or REBOOT from before the sleep.',
    change:
      'Keep the value that was handled across freeze and restore: BAR0 offset 20 may still read as that value.',
    requirement: 'acts-once',
    explains: ['acts-once'],
    find: (facts) =>
      // A driver that only acknowledges again asks for nothing.
      facts.trace.some(
        (event) =>
          event.kind === 'check' &&
          event.result === 'ok' &&
          event.what === 'requests to go down after the sleep',
      )
        ? []
        : following(facts, isAck, (ack, after) => repeated(ack, after, true)),
  },
  'old-stop-acted-on': {
    sentence: 'A reloaded driver acts on a SHUTDOWN or REBOOT that was handled before the reload.',
    change: 'Read BAR0 offset 20 in probe, and treat a 1 or 2 there as already handled.',
    requirement: 'survives-reload',
    explains: ['survives-reload', 'acts-once'],
    find: (facts) => following(facts, isAck, (ack, after) => repeated(ack, after, false)),
  },
  'pending-sync-ignored': {
    sentence: 'The driver ignores a SYNCRTC that is in the register when the driver is loaded.',
    change:
      'If BAR0 offset 20 reads as 3 in probe or in the first poll, handle it: vmd sends no other SYNCRTC before it is acknowledged.',
    requirement: 'takes-pending-command',
    explains: ['takes-pending-command', 'acknowledges', 'acknowledges-in-time'],
    find: (facts) =>
      following(facts, isDown, (_, after) => {
        const end = after.findIndex((event) => isSent(event) || isDown(event));
        const events = end === -1 ? after : after.slice(0, end);
        const up = events.find(isUp);
        const read = events.find(
          (event) => isCommandRead(event) && event.value === SYNCRTC && event.seq > (up?.seq ?? 0),
        );
        const last = events.at(-1);
        if (up === undefined || read === undefined || last === undefined) return undefined;
        return events.some(isAck) || last.at - up.at < 2 * second || sleeps(events) ? undefined : [read, up];
      }),
  },
  'pending-command-not-read': {
    sentence: 'The driver never reads a command that the host sent before the driver was bound.',
    change:
      'Also read the command (BAR0 offset 20) once in probe: its interrupt came before there was a handler.',
    requirement: 'takes-pending-command',
    explains: ['takes-pending-command', 'acknowledges', 'acknowledges-in-time'],
    find: (facts) =>
      following(facts, isSent, (_, after) => {
        const events = untilSent(after);
        const down = events.findLast(isDown);
        const up = events.find((event) => isUp(event) && event.seq > (down?.seq ?? event.seq));
        const last = events.at(-1);
        if (up === undefined || last === undefined || last.at - up.at < 3 * second) return undefined;
        return events.some(isCommandRead) || sleeps(events) ? undefined : [down, up];
      }),
  },
  'command-of-sleep-ignored': {
    sentence: 'After a sleep the driver ignores a command that came while the guest slept.',
    change: 'Read the command (BAR0 offset 20) in restore, and handle it as after an interrupt.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acknowledges-in-time', 'acts-once', 'carries-out'],
    find: (facts) =>
      following(facts, isSent, (_, after) => {
        const events = untilSent(after);
        const up = events.find(isUp);
        const last = events.at(-1);
        if (up === undefined || last === undefined || !sleeps(events) || events.some(isAck)) return undefined;
        const reads = events.filter(isCommandRead).filter(({ seq }) => seq > up.seq);
        if (last.at - up.at <= 2 * second) return undefined;
        // It reads the command and ignores it, or does not read it at all.
        const read = reads.find(({ value }) => value !== 0);
        return read !== undefined || reads.length === 0 ? [up, read] : undefined;
      }),
  },
  'command-lost-on-remove': {
    sentence:
      'The driver is removed without a last read of the command, so a command that has just arrived is lost.',
    change:
      'In remove, after timers are cancelled and before the reset, read the command (BAR0 offset 20) and handle it.',
    requirement: 'looks-before-removal',
    explains: ['looks-before-removal'],
    find: (facts) => {
      for (const { sent, events } of exchangesOf(facts)) {
        const last = events.at(-1);
        const down = facts.trace.find((event) => isDown(event) && event.seq > (last?.seq ?? sent.seq));
        const served = events.some((event) => isRead(event, 'isr') && (event.value & ISR_CONFIG) !== 0);
        const ended = facts.checks.some(
          ({ what, seq }) => /once it is gone/.test(what) && seq > (down?.seq ?? Number.POSITIVE_INFINITY),
        );
        if (ended && down !== undefined && !served && !events.some(isCommandRead)) return [sent, down];
      }
      return [];
    },
  },
  'sync-ignored-after-stop': {
    sentence:
      'The driver acknowledges a SYNCRTC that follows a SHUTDOWN or REBOOT, but does not set the clock.',
    change:
      'Set the clock for each SYNCRTC: the guest may need a while to go down, or may not go down at all.',
    requirement: 'sets-clock',
    explains: ['sets-clock', 'carries-out'],
    find: (facts) => {
      const exchanges = exchangesOf(facts);
      const last = exchanges.at(-1);
      const before = exchanges.slice(0, -1);
      const stop = before.findLast(({ sent }) => sent.name !== 'SYNCRTC');
      const reads = ({ events }: Exchange): boolean => events.some((event) => isRead(event, 'secondsLow'));
      const synced = before.find(({ sent }) => sent.name === 'SYNCRTC');
      if (last === undefined || stop === undefined || synced === undefined) return [];
      const ack = last.events.find(isAck);
      const isFirst = synced.sent.seq < stop.sent.seq && reads(synced);
      return isFirst && last.sent.name === 'SYNCRTC' && ack !== undefined && !reads(last)
        ? [stop.sent, last.sent, ack]
        : [];
    },
  },
  'sync-without-reading-time': {
    sentence: 'The driver acknowledges SYNCRTC, but does not read the time of the device.',
    change:
      'For SYNCRTC read the seconds (BAR0 offset 24) and microseconds (BAR0 offset 32), and set the clock to them.',
    requirement: 'sets-clock',
    explains: ['sets-clock', 'carries-out'],
    find: (facts) => {
      if ((facts.offered & TIMESYNC) === 0 || facts.syncRtc === 'rtc') return [];
      const synced = exchangesOf(facts).filter(({ sent }) => sent.name === 'SYNCRTC');
      const acked = synced.filter(({ events }) => events.some(isAck));
      const [first] = acked;
      const reads = acked.some(({ sent, events }) => {
        const last = events.at(-1)?.seq ?? sent.seq;
        // Queued work may run until the driver is removed.
        return facts.trace.some(
          (event) => isRead(event, 'secondsLow') && event.seq > sent.seq && event.seq <= last + 20,
        );
      });
      return first === undefined || reads ? [] : [first.sent, ...first.events.filter(isAck).slice(0, 1)];
    },
  },
  'sync-needs-ack': {
    sentence: 'The driver does not carry out SYNCRTC on a host that does not offer ACK.',
    change: 'Carry out SYNCRTC in any case: only its acknowledgement depends on bit 1 (ACK) of the features.',
    requirement: 'sets-clock',
    explains: ['sets-clock', 'carries-out'],
    find: (facts) =>
      inExchange(facts, ({ sent, events }) => {
        const offer = facts.trace.findLast((event) => event.seq < sent.seq && isRead(event, 'hostFeatures'));
        const read = events.find((event) => isCommandRead(event) && event.value === SYNCRTC);
        if (offer?.kind !== 'bar-read' || read === undefined) return undefined;
        if ((offer.value & TIMESYNC) === 0 || (offer.value & ACK) !== 0) return undefined;
        const waited = (events.at(-1)?.at ?? 0) - read.at > 2 * second;
        return waited && !events.some((event) => isRead(event, 'secondsLow')) ? [offer, read] : undefined;
      }),
  },
  'driver-ok-dropped-on-stop': {
    sentence: 'The device is reset while the guest is still going down.',
    change:
      'Leave the status (BAR0 offset 18) as it is on shutdown. From 6.16 on the virtio core resets it if the driver has no shutdown method.',
    requirement: 'quiet-on-the-way-down',
    explains: ['quiet-on-the-way-down'],
    find: (facts) => {
      // Only a reset of a guest that goes down counts, not that of a driver that is unloaded.
      const stopped = exchangesOf(facts)
        .filter(({ sent }) => sent.name !== 'SYNCRTC')
        .flatMap(({ sent, events }) => {
          const ack = events.find(isAck);
          const dropped = facts.trace.find(
            (event) =>
              event.kind === 'status' &&
              event.seq > (ack?.seq ?? sent.seq) &&
              (event.value & status.DRIVER_OK) === 0,
          );
          const stays = facts.trace.some(
            (event) => event.kind === 'shell' && event.seq > (dropped?.seq ?? sent.seq),
          );
          return ack !== undefined && dropped !== undefined && !stays ? [sent, ack, dropped] : [];
        });
      if (stopped.length > 0) return stopped.slice(0, 3);
      const alone = checksOf(facts, ['quiet-on-the-way-down'], { what: named('driverOkAtEnd') });
      return alone.length === 0 ? [] : [...facts.trace.filter(isDown).slice(-1), ...alone];
    },
  },
} as const satisfies Readonly<Record<string, Cause>>;
