// Causes that are visible when the guest goes to sleep and wakes up.

import type { TraceEvent } from '../../base/trace-event.js';
import { status } from '../../vmmci/registers.js';
import { named } from '../check-names.js';
import { checkCause } from './check-cause.js';
import { looksUnasked } from './command-causes.js';
import { following, isCommandRead, isRead, isUp, isWrite, second, sleeps } from './events.js';
import type { Access, Cause, Facts, FailedCheck } from './facts.js';
import { logLines } from './kernel-reports.js';

const isSleep = (event: TraceEvent): event is TraceEvent<'qmp-event'> =>
  event.kind === 'qmp-event' && event.event === 'SUSPEND';

/** Returns the command that turns polls on: it writes an interval to the parameter. */
const turnsPollsOn = (events: readonly TraceEvent[], parameter: string): TraceEvent | undefined =>
  events.find(
    (event) =>
      event.kind === 'shell' &&
      /^echo [1-9]\d* >/.test(event.command) &&
      event.command.endsWith(`/parameters/${parameter}`),
  );

/** The events from a suspend to RAM, which resets the device, until the scenario unloads the driver. */
const afterSleep = (events: readonly TraceEvent[]): readonly TraceEvent[] => {
  const end = events.findIndex((event) => event.kind === 'shell' && /^unload\b/.test(event.command));
  return end === -1 ? events : events.slice(0, end);
};

/** The accesses between the two reads by which the virtio core freezes, and the driver wakes, the device. */
const accessesInSleep = ({ trace, accesses }: Facts, { seq }: FailedCheck): Access[] => {
  const before = trace.filter((event) => event.seq < seq);
  const woken = before.findLast((event) => isRead(event, 'hostFeatures'))?.seq ?? 0;
  const frozen = before.findLast((event) => isRead(event, 'status') && event.seq < woken)?.seq ?? woken;
  return accesses.filter((access) => access.seq > frozen && access.seq < woken);
};

/** The nanoseconds of all instants in a text like `2026-11-22T12:34:58.123456Z (1795350898123456000 ns)`. */
const instantsIn = (text: string): bigint[] =>
  [...text.matchAll(/\((-?\d+) ns\)/g)].map(([, ns = '']) => BigInt(ns));

/** More nanoseconds than the scenario lets the guest sleep. */
const maxSlept = 4_000_000_000n;

/** True if the only time that was seen is later than expected, by no more than the guest has slept. */
const isLaterBySleep = ({ expected, seen }: FailedCheck): boolean => {
  const [[, to], [shown, ...others]] = [instantsIn(expected), instantsIn(seen)];
  return (
    to !== undefined && shown !== undefined && others.length === 0 && shown > to && shown - to < maxSlept
  );
};

export const sleepCauses = {
  'time-read-on-waking': checkCause(
    { what: named('readsOnWaking') },
    {
      sentence: 'The driver reads the time each time that the guest wakes up, as if a SYNCRTC had come.',
      change:
        'Set the clock only for SYNCRTC (3) in the command register: the host sends one when it is needed.',
      requirement: 'no-needless-accesses',
    },
  ),
  'waking-needs-time': checkCause(
    {
      what: named('resumeWithoutTime'),
      // A driver that fails to wake up at all has another fault.
      besides: ({ seq }, { trace }) =>
        trace.filter(
          (event) =>
            event.kind === 'check' &&
            event.result === 'ok' &&
            event.what === 'error of a resume from disk' &&
            event.seq < seq,
        ),
    },
    {
      sentence: 'The driver fails to wake up if the host does not offer the time.',
      change: 'Do not return an error from restore because the time cannot be read.',
      requirement: 'restores-after-sleep',
    },
  ),
  'time-asleep-added': checkCause(
    {
      of: ['shows-drift', 'sets-clock'],
      what: named('driftAfterSleep', 'clockAfterSleep'),
      holds: isLaterBySleep,
    },
    {
      sentence: 'After a sleep of the guest, the driver adds the time asleep to the time of a sample.',
      change: 'Take all times of a sample with ktime_get(), not with ktime_get_boottime().',
      requirement: 'sets-clock',
      explains: ['sets-clock', 'shows-drift'],
    },
  ),
  'wake-up-callback-missing': checkCause(
    { what: named('missingCallbacks') },
    {
      sentence: 'The transport has a callback for a sleep and none to wake up from it.',
      change:
        'Use SET_SYSTEM_SLEEP_PM_OPS(), which sets all six: a guest that resumes from disk calls restore, not resume.',
      requirement: 'restores-after-sleep',
    },
  ),
  'resume-error-wrong': checkCause(
    { of: ['refuses-absent-device'], what: /^errors of the resume$/, seen: /^-?\d+$/ },
    {
      sentence:
        'If the device does not respond when the guest wakes up, resume returns an error other than ENODEV.',
      change: 'Return -ENODEV from resume when the host features (BAR0 offset 0) read as all ones.',
      requirement: 'refuses-absent-device',
    },
  ),
  'sleep-refused': {
    sentence: 'The driver does not let the guest go to sleep.',
    change: 'Return 0 from suspend and freeze.',
    requirement: 'restores-after-sleep',
    find: (facts) =>
      logLines(facts)
        .filter((line) => /\bPM: \w*(?:suspend|freeze|poweroff)\w*\(\): .*\[\w+\] returns -\d+/.test(line))
        .slice(0, 1),
  },
  'nothing-restored-after-sleep': {
    sentence: 'After a sleep of the guest the driver does not set up the device again.',
    change:
      'Write features (BAR0 offset 4) and status (BAR0 offset 18) again on resume, as virtio_device_restore() does.',
    requirement: 'restores-after-sleep',
    explains: ['restores-after-sleep', 'driver-ok'],
    find: (facts) =>
      following(facts, isSleep, (sleep, after) => {
        if (!facts.trace.some((event) => event.seq < sleep.seq && isUp(event))) return undefined;
        const events = afterSleep(after);
        const reset = events.find(({ kind }) => kind === 'reset');
        const later = events.filter(({ seq }) => seq > (reset?.seq ?? Number.POSITIVE_INFINITY));
        const negotiated = later.find((event) => event.kind === 'features' && event.value !== 0);
        const last = events.at(-1);
        if (reset === undefined || last === undefined || last.at - reset.at < second / 2) return undefined;
        // Nothing can be restored in a device that is gone.
        if (later.some((event) => event.kind === 'bar-read' && event.absent === true)) return undefined;
        return negotiated !== undefined && later.some(isUp)
          ? undefined
          : [reset, ...later.filter(({ kind }) => kind === 'status').slice(-1)];
      }),
  },
  'polling-not-restarted-after-sleep': {
    sentence: 'After a sleep of the guest the driver does not poll the command any more.',
    change:
      'Queue the work that polls the command (BAR0 offset 20) again in restore, on a queue without WQ_FREEZABLE.',
    requirement: 'restores-after-sleep',
    explains: ['restores-after-sleep', 'looks-unasked'],
    find: (facts) =>
      following(facts, isSleep, (sleep, after) => {
        const events = afterSleep(after);
        const up = events.find(isUp);
        const last = events.at(-1);
        // The polls may have ended with an interrupt before.
        const interrupted = facts.trace.findLast((event) => isRead(event, 'isr') && event.seq < sleep.seq);
        const polled = looksUnasked(facts).some(
          ({ seq }) => seq > (interrupted?.seq ?? 0) + 2 && seq < sleep.seq,
        );
        const from = polled ? up : turnsPollsOn(events, facts.pollParameter ?? '');
        if (up === undefined || from === undefined || last === undefined) return undefined;
        const reads = events.filter((event) => isCommandRead(event) && event.seq > from.seq);
        return reads.length < 3 && last.at - from.at > 3 * second
          ? [up, from, ...reads.slice(-1)]
          : undefined;
      }),
  },
  'looks-in-sleep': checkCause(
    {
      what: named('accessesInSleep'),
      besides: (check, facts) => accessesInSleep(facts, check).filter(isCommandRead).slice(-2),
    },
    {
      sentence: 'The driver polls the command while the guest goes to sleep and wakes up.',
      change:
        'In freeze, cancel the work that polls the command (BAR0 offset 20) with cancel_delayed_work_sync().',
      requirement: 'restores-after-sleep',
    },
  ),
  'reset-in-freeze': checkCause(
    {
      what: named('accessesInSleep'),
      besides: (check, facts) =>
        accessesInSleep(facts, check)
          .filter((event) => isWrite(event, 'status') && (event.value & status.DRIVER_OK) === 0)
          .slice(0, 1),
    },
    {
      sentence:
        'The driver resets the device when the guest goes to sleep, so vmd ends the VM if it is asked to stop it.',
      change: 'Leave the status (BAR0 offset 18) as it is in freeze.',
      requirement: 'restores-after-sleep',
    },
  ),
  'wake-up-callback-empty': checkCause(
    {
      what: named('frozenDevice', 'restoredFromDisk'),
      holds: ({ seen }) => !/frozen none/.test(seen) && /woken none|not set/.test(seen),
    },
    {
      sentence: 'A callback that wakes the transport up does not set up the device again.',
      change:
        'Let thaw and restore do what resume does: call virtio_device_restore(). SET_SYSTEM_SLEEP_PM_OPS() sets all three.',
      requirement: 'restores-after-sleep',
      explains: ['restores-after-sleep', 'driver-ok'],
    },
  ),
  'virtio-device-not-frozen': checkCause(
    { what: named('frozenDevice'), seen: /frozen none/ },
    {
      sentence: 'When the guest goes to sleep, the transport does not call virtio_device_freeze().',
      change: 'Call virtio_device_freeze() on suspend, and virtio_device_restore() on resume.',
      requirement: 'restores-after-sleep',
    },
  ),
  'not-restored-if-state-kept': {
    sentence: 'After a sleep in which the device has kept its registers, the driver does not work any more.',
    change: 'Call virtio_device_restore() on each resume, also if the status still has DRIVER_OK.',
    requirement: 'restores-after-sleep',
    explains: ['restores-after-sleep', 'looks-unasked'],
    find: (facts) =>
      following(facts, isCommandRead, (_, after) => {
        const frozen = after.findIndex((event) => isRead(event, 'status'));
        const rest = after.slice(frozen + 1);
        const woken = rest.find((event) => isRead(event, 'hostFeatures'));
        const last = rest.at(-1);
        if (frozen === -1 || woken === undefined || last === undefined) return undefined;
        if (!sleeps(rest) || last.at - woken.at < 2 * second) return undefined;
        return rest.some((event) => isWrite(event, 'status') || isCommandRead(event)) ? undefined : [woken];
      }),
  },
} as const satisfies Readonly<Record<string, Cause>>;
