// Causes that are visible in whether, and how, the driver has the guest go down.

import { firstLine } from '../../base/text.js';
import type { TraceEvent } from '../../base/trace-event.js';
import { commandName } from '../../vmmci/commands.js';
import { ACK } from '../../vmmci/features.js';
import { named } from '../check-names.js';
import { checkCause, checksOf } from './check-cause.js';
import { isAck, isBeforeSleep, isCommandRead, isExit, isSent, isWrite } from './events.js';
import { type Cause, type Facts, noRequest } from './facts.js';

/** The first item of a list: `poweroff` of `poweroff, reboot × 2`. */
const firstOf = (list: string): string | undefined => /^\S+/.exec(list.replace(/,/g, ' '))?.[0];

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

/** A stop that was acknowledged, and that no program was asked to carry out. */
const lostStop = (facts: Facts): (TraceEvent | string)[] => {
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
};

/** The kernel stops its tasks, and lets them run again (kernel/power/process.c). */
const tasks = /\b(?:Freezing user space processes|Restarting tasks)\b/;

/** The kernel cannot start /sbin/reboot, and restarts the guest by itself (kernel/reboot.c). */
const forcedReboot = /\bFailed to start orderly reboot\b/;

export const stopCauses = {
  'shutdown-and-reboot-swapped': checkCause(
    {
      what: /^(end of the guest|requests to go down)/,
      holds: (check) =>
        [
          ['guest-reset', 'guest-shutdown'],
          ['reboot', 'poweroff'],
        ].some(
          ([one = '', other = '']) => hasInPlaceOf(one, other)(check) || hasInPlaceOf(other, one)(check),
        ) &&
        // A stop before it was carried out right, so the two are not swapped.
        firstOf(check.expected) !== firstOf(check.seen),
      besides: (check, { trace }) =>
        trace.filter((event) => isSent(event) && event.name !== 'SYNCRTC' && event.seq < check.seq).slice(-1),
    },
    {
      sentence: 'The driver reboots for SHUTDOWN, or powers off for REBOOT.',
      change: 'Power off if BAR0 offset 20 reads as 1 (SHUTDOWN), and reboot if it reads as 2 (REBOOT).',
      requirement: 'goes-down',
      explains: ['goes-down', 'acts-once'],
    },
  ),
  'kind-of-first-stop-kept': checkCause(
    {
      what: named('stopOfOtherKind'),
      holds: hasInPlaceOf('poweroff', 'reboot'),
      besides: (check, { trace }) =>
        trace.filter((event) => isSent(event) && event.seq < check.seq).slice(-1),
    },
    {
      sentence: 'The driver carries out a SHUTDOWN that arrives some time after a REBOOT as another REBOOT.',
      change: 'Store the kind of each SHUTDOWN or REBOOT where it is handled, before its work is queued.',
      requirement: 'goes-down',
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
      sentence:
        'The driver carries out a SHUTDOWN or REBOOT as the other one, because a later command has replaced it.',
      change:
        'Store the last SHUTDOWN or REBOOT separately from the last command, and let the work that carries it out use that value.',
      requirement: 'acts-on-newest',
    },
  ),
  'older-stop-carried-out': checkCause(
    {
      what: named('stopsAfterTwo'),
      holds: ({ expected, seen }) =>
        /^(?:reboot|poweroff)$/.test(expected) && /reboot/.test(seen) && /poweroff/.test(seen),
      besides: (check, { trace }) =>
        trace.filter((event) => isSent(event) && event.name !== 'SYNCRTC' && event.seq < check.seq).slice(-2),
    },
    {
      sentence:
        'The driver carries out a stop that another one has replaced before programs could be started.',
      change:
        'Read which stop is the newest after the wait for programs, right before orderly_poweroff() or orderly_reboot().',
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
      sentence:
        'The guest goes down at once: user space is not asked, and file systems are not written to the disks.',
      change: 'Call orderly_reboot() and orderly_poweroff(), never kernel_restart() or emergency_restart().',
      requirement: 'keeps-data',
    },
  ),
  'stop-not-carried-out': {
    sentence: 'The driver acknowledges a SHUTDOWN or REBOOT, but does not ask the guest to go down.',
    change: 'Queue work that calls orderly_poweroff() or orderly_reboot().',
    requirement: 'carries-out',
    explains: ['goes-down', 'carries-out', 'acts-once'],
    find: lostStop,
  },
  'stop-lost-in-sleep': {
    sentence: 'A stop that arrives while the guest goes to sleep is acknowledged, but never carried out.',
    change:
      'Carry it out in a work item that first calls usermodehelper_read_lock_wait(): in a sleep, orderly_poweroff() does nothing, without an error.',
    requirement: 'carries-out',
    explains: ['goes-down', 'carries-out', 'acts-once'],
    find: (facts) => {
      const evidence = lostStop(facts);
      const [, ack] = evidence;
      return ack !== undefined && typeof ack !== 'string' && isBeforeSleep(facts, ack) ? evidence : [];
    },
  },
  'reboot-without-programs': {
    sentence:
      'A REBOOT that arrives while the guest goes to sleep restarts it at once, without its user space.',
    change:
      'Carry it out in a work item that first calls usermodehelper_read_lock_wait(): if no program can be started, orderly_reboot() restarts the guest itself.',
    requirement: 'carries-out',
    find: ({ trace, reasons }) => {
      const reason = reasons.find((line) => /^the guest went down \(guest-reset\)/.test(line));
      const ack = trace.findLast((event) => isAck(event) && commandName(event.value) === 'REBOOT');
      const frozen = trace.findLast((event) => event.kind === 'console' && tasks.test(event.line));
      if (reason === undefined || ack === undefined || frozen?.kind !== 'console') return [];
      const isFrozen = frozen.line.includes('Freezing') && frozen.seq < ack.seq;
      const forced = trace.find((event) => event.kind === 'console' && forcedReboot.test(event.line));
      return isFrozen && forced !== undefined ? [frozen, ack, forced, firstLine(reason)] : [];
    },
  },
  'stop-only-if-acknowledged': {
    sentence: 'The driver carries out a SHUTDOWN or REBOOT only if the host wants acknowledgements.',
    change: 'Act on a stop whether or not bit 1 (ACK) of the features is set.',
    requirement: 'goes-down',
    explains: ['goes-down', 'carries-out', 'acts-once'],
    find: ({ trace, reasons }) => {
      const reason = reasons.find((line) => noRequest.test(line));
      const sent = trace.findLast((event) => isSent(event) && event.name !== 'SYNCRTC');
      const features = trace.findLast(
        (event) => isWrite(event, 'guestFeatures') && event.seq < (sent?.seq ?? 0),
      );
      const read = trace.find((event) => isCommandRead(event) && event.seq > (sent?.seq ?? 0));
      if (reason === undefined || sent === undefined || read === undefined) return [];
      if (features?.kind !== 'bar-write' || (features.value & ACK) !== 0) return [];
      return [features, sent, read, firstLine(reason)];
    },
  },
  'poweroff-forced': {
    sentence:
      'The guest is powered off by force, without its user space, if /sbin/poweroff cannot be started.',
    change: 'Call orderly_poweroff(false).',
    requirement: 'keeps-data',
    find: ({ dmesg, reasons }) =>
      [...dmesg, ...reasons.flatMap((reason) => reason.split('\n'))]
        .filter((line) => /Failed to start orderly shutdown: forcing the issue/.test(line))
        .slice(0, 1),
  },
} as const satisfies Readonly<Record<string, Cause>>;
