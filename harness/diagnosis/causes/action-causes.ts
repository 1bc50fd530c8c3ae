// Causes that are visible in what the driver does for a command, and how often.

import type { TraceEvent } from '../../base/trace-event.js';
import { commands } from '../../vmmci/commands.js';
import { TIMESYNC } from '../../vmmci/features.js';
import { status } from '../../vmmci/registers.js';
import { named } from '../check-names.js';
import { checkCause, checksOf } from './check-cause.js';
import {
  exchangesOf,
  following,
  inExchange,
  isAck,
  isCommandRead,
  isDown,
  isExit,
  isRead,
  isSent,
  isUp,
  second,
  sleeps,
  untilSent,
} from './events.js';
import { type Cause, noRequest } from './facts.js';

const { SHUTDOWN, REBOOT, SYNCRTC } = commands;

/** The last item of a list: `reboot` of `poweroff, reboot × 2`. */
const lastOf = (list: string): string | undefined =>
  list
    .split(', ')
    .at(-1)
    ?.replace(/ × [\d,]+$/, '');

/** True if the last item of a list differs from the expected one. */
const hasInPlaceOf =
  (name: string, other: string) =>
  ({ expected, seen }: { expected: string; seen: string }) =>
    lastOf(expected) === name && lastOf(seen) === other;

/** Parses a list of requests to go down: `reboot, poweroff × 2`. */
const countOf = (list: string): number =>
  list === 'none'
    ? 0
    : list
        .split(', ')
        .reduce((sum, item) => sum + Number(/× ([\d,]+)$/.exec(item)?.[1]?.replaceAll(',', '') ?? 1), 0);

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
    change: 'Remember the value that was acted on for as long as BAR0 offset 20 reads as that value.',
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
  'stop-repeated-after-sleep': {
    sentence: 'After a sleep of the guest the driver acts again on the stop from before the sleep.',
    change: 'Remember the value that was acted on across freeze and restore: the register may still have it.',
    requirement: 'acts-once',
    explains: ['acts-once'],
    find: (facts) => following(facts, isAck, (ack, after) => repeated(ack, after, true)),
  },
  'old-stop-acted-on': {
    sentence: 'A reloaded driver acts on a stop that was handled before the reload.',
    change: 'Read BAR0 offset 20 in probe, and treat a 1 or 2 there as already handled.',
    requirement: 'survives-reload',
    explains: ['survives-reload', 'acts-once'],
    find: (facts) => following(facts, isAck, (ack, after) => repeated(ack, after, false)),
  },
  'pending-sync-ignored': {
    sentence: 'A SYNCRTC that is in the register when the driver is loaded is not acknowledged.',
    change: 'Handle the command in probe or in the first poll: the host sends no other SYNCRTC before that.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acknowledges-in-time'],
    find: (facts) =>
      following(facts, isDown, (_, after) => {
        const end = after.findIndex((event) => isSent(event) || isDown(event));
        const events = end === -1 ? after : after.slice(0, end);
        const up = events.find(isUp);
        const look = events.find(
          (event) => isCommandRead(event) && event.value === SYNCRTC && event.seq > (up?.seq ?? 0),
        );
        const last = events.at(-1);
        if (up === undefined || look === undefined || last === undefined) return undefined;
        return events.some(isAck) || last.at - up.at < 2 * second || sleeps(events) ? undefined : [look, up];
      }),
  },
  'pending-command-not-read': {
    sentence: 'A command that the host sent before the driver was bound is never read.',
    change: 'Read the command (BAR0 offset 20) once in probe as well: its interrupt came before.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acknowledges-in-time'],
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
    change: 'Handle the command register in restore in the same way as after an interrupt.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'acknowledges-in-time', 'acts-once', 'carries-out'],
    find: (facts) =>
      following(facts, isSent, (_, after) => {
        const events = untilSent(after);
        const up = events.find(isUp);
        const last = events.at(-1);
        if (up === undefined || last === undefined || !sleeps(events) || events.some(isAck)) return undefined;
        const look = events.find((event) => isCommandRead(event) && event.seq > up.seq && event.value !== 0);
        return look !== undefined && last.at - up.at > 2 * second ? [up, look] : undefined;
      }),
  },
  'shutdown-and-reboot-swapped': checkCause(
    {
      what: /^(end of the guest|requests to go down)/,
      holds: (check) =>
        [
          ['guest-reset', 'guest-shutdown'],
          ['reboot', 'poweroff'],
        ].some(
          ([one = '', other = '']) => hasInPlaceOf(one, other)(check) || hasInPlaceOf(other, one)(check),
        ),
      besides: (check, { trace }) =>
        trace.filter((event) => isSent(event) && event.name !== 'SYNCRTC' && event.seq < check.seq).slice(-1),
    },
    {
      sentence: 'The driver reboots for SHUTDOWN, or powers off for REBOOT.',
      change: 'Power off for command 1 (SHUTDOWN), and reboot for command 2 (REBOOT).',
      requirement: 'goes-down',
      explains: ['goes-down', 'acts-once'],
    },
  ),
  'stop-mixed-up-with-later-command': checkCause(
    {
      what: named('stopsAfterTwo'),
      holds: (check) =>
        hasInPlaceOf('poweroff', 'reboot')(check) || hasInPlaceOf('reboot', 'poweroff')(check),
      besides: (check, { trace }) =>
        trace.filter((event) => isSent(event) && event.seq < check.seq).slice(-2),
    },
    {
      sentence: 'A stop is carried out as another one, because a command that came after it is looked at.',
      change: 'Remember the last SHUTDOWN or REBOOT apart from the last command.',
      requirement: 'acts-on-newest',
    },
  ),
  'goes-down-without-user-space': checkCause(
    {
      of: ['keeps-data'],
      what: /./,
      besides: (check, { trace }) => {
        const sent = trace.findLast(
          (event) => isSent(event) && event.name !== 'SYNCRTC' && event.seq < check.seq,
        );
        const exit = trace.find((event) => isExit(event) && event.seq > (sent?.seq ?? 0));
        const killed = trace.some(({ kind, seq }) => kind === 'kill' && seq < (exit?.seq ?? 0));
        return sent === undefined || exit === undefined || killed ? [] : [sent, exit];
      },
    },
    {
      sentence: 'The guest goes down at once: user space is not asked, and nothing is written to the disks.',
      change: 'Call orderly_reboot() and orderly_poweroff(), never kernel_restart() or emergency_restart().',
      requirement: 'keeps-data',
    },
  ),
  'stop-not-carried-out': {
    sentence: 'A stop is acknowledged, but the guest is not asked to go down.',
    change:
      'Queue work that calls orderly_reboot() or orderly_poweroff(), and wait until programs can be started.',
    requirement: 'carries-out',
    explains: ['goes-down', 'carries-out', 'acts-once'],
    find: (facts) => {
      const sent = facts.trace.findLast((event) => isSent(event) && event.name !== 'SYNCRTC');
      const ack = facts.trace.find((event) => isAck(event) && event.seq > (sent?.seq ?? 0));
      if (sent === undefined || ack === undefined) return [];
      const [check] = checksOf(facts, ['goes-down', 'carries-out', 'acts-once'], {
        what: /^requests to go down/,
        holds: ({ seq, expected, seen }) => seq > ack.seq && countOf(seen) < countOf(expected),
      });
      const reason = facts.reasons.find((line) => noRequest.test(line) || /^no end of a guest/.test(line));
      const shown = check ?? reason?.split('\n', 1)[0];
      return shown === undefined ? [] : [sent, ack, shown];
    },
  },
  'command-lost-on-remove': {
    sentence: 'The driver is removed without a last read of the command, so a new command is lost.',
    change: 'In remove, after timers are cancelled, read BAR0 offset 20 and handle it before the reset.',
    requirement: 'acknowledges',
    explains: ['acknowledges', 'carries-out'],
    find: (facts) => {
      for (const { sent, events } of exchangesOf(facts)) {
        const last = events.at(-1);
        const down = facts.trace.find((event) => isDown(event) && event.seq > (last?.seq ?? sent.seq));
        const served = events.some((event) => isRead(event, 'isr') && (event.value & 2) !== 0);
        const ended = facts.checks.some(
          ({ what, seq }) => /once it is gone/.test(what) && seq > (down?.seq ?? Number.POSITIVE_INFINITY),
        );
        if (ended && down !== undefined && !served && !events.some(isCommandRead)) return [sent, down];
      }
      return [];
    },
  },
  'sync-without-reading-time': {
    sentence: 'SYNCRTC is acknowledged, but the time of the device is not read.',
    change: 'Read the seconds (offset 24) and microseconds (32) for SYNCRTC, and set the clock to them.',
    requirement: 'sets-clock',
    explains: ['sets-clock', 'carries-out'],
    find: (facts) => {
      if ((facts.offered & TIMESYNC) === 0) return [];
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
  'driver-ok-dropped-on-stop': {
    sentence: 'The device is reset while the guest is still going down.',
    change:
      'Do not change the status on shutdown: without DRIVER_OK vmd assumes that the guest has no driver.',
    requirement: 'quiet-on-the-way-down',
    explains: ['driver-ok', 'quiet-on-the-way-down'],
    find: (facts) =>
      // A reset counts only while the guest goes down, not when the driver is unloaded in a guest that stays
      // up.
      exchangesOf(facts)
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
        })
        .slice(0, 3),
  },
} as const satisfies Readonly<Record<string, Cause>>;
