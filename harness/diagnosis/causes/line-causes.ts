// Causes that are visible in the lines that the driver writes to the kernel log.

import { named, repeatedStep, untimedSync } from '../check-names.js';
import { checkCause } from './check-cause.js';
import type { Cause, Facts, FailedCheck } from './facts.js';

/** The part of a check's name after the first colon: what happened while lines were logged. */
const partOf = ({ what }: FailedCheck): string => what.slice(what.indexOf(':'));

/** True if the same step logged all events as expected. */
const logsAll = (check: FailedCheck, { checks }: Facts): boolean =>
  !checks.some((other) => named('eventsLogged').test(other.what) && partOf(other) === partOf(check));

const itemsOf = (list: string): string[] => (list === 'none' ? [] : list.split(', '));

const withoutCount = (item: string): string => item.replace(/ × [\d,]+$/, '');

/** True if expected events are missing, and no others were logged instead. */
const lacksEvents = ({ expected, seen }: FailedCheck): boolean =>
  itemsOf(expected).some((event) => !itemsOf(seen).includes(event)) &&
  itemsOf(seen).every((event) => itemsOf(expected).includes(event));

/** True if only repeated steps lack events. */
const logsFirst = (check: FailedCheck, { checks }: Facts): boolean =>
  check.what.endsWith(repeatedStep) &&
  checks.every(({ what }) => !named('eventsLogged').test(what) || what.endsWith(repeatedStep));

export const lineCauses = {
  'log-level-without-effect': checkCause(
    {
      what: /^lines about an acknowledgement at /,
      seen: /^0$/,
      // At each level, neither acknowledgements nor readings add a line.
      holds: (_, { checks }) =>
        checks.filter(({ what, seen }) => /^lines about an acknowledgement at /.test(what) && seen === '0')
          .length > 1 &&
        checks.some(({ what, seen }) => what.startsWith('lines about a reading at ') && seen === '0'),
    },
    {
      sentence: 'A level of the log that is written at run time adds no lines to the kernel log.',
      change: 'Read the parameter each time that a line may be logged, not once when the driver is bound.',
      requirement: 'quiet-log',
    },
  ),
  'event-not-logged': checkCause(
    {
      of: ['says-what-happens', 'quiet-log'],
      what: named('eventsLogged', 'unsetWarnings'),
      holds: (check, facts) =>
        named('unsetWarnings').test(check.what)
          ? check.seen === '0'
          : lacksEvents(check) && !logsFirst(check, facts),
    },
    {
      sentence:
        'The driver does not log an event that its description promises, or logs it with another text.',
      change: 'Make the logged line and vmmci-driver.json agree, including the numbers.',
      requirement: 'says-what-happens',
    },
  ),
  'features-logged-wrong': checkCause(
    { what: /^features that the line names/ },
    {
      sentence: 'The line of the log about the features names others than those in use.',
      change: 'Ask virtio_has_feature() for the bit whose name is logged.',
      requirement: 'says-what-happens',
    },
  ),
  'sync-error-ignored': checkCause(
    {
      what: named('eventsLogged'),
      holds: ({ what, expected, seen }) => {
        const logged = itemsOf(seen);
        return (
          what.endsWith(untimedSync) &&
          itemsOf(expected).includes('unreadable') &&
          (logged.includes('set') || logged.includes('unset'))
        );
      },
    },
    {
      sentence: 'SYNCRTC goes on to set the clock although the time of the device could not be read.',
      change: 'If reading the time fails, log a warning and leave the clock alone.',
      requirement: 'says-what-happens',
    },
  ),
  'event-logged-once': checkCause(
    { what: named('eventsLogged'), holds: (check, facts) => lacksEvents(check) && logsFirst(check, facts) },
    {
      sentence: 'The driver logs an event only the first time after its module was loaded.',
      change: 'Use dev_info() and dev_warn(), not the forms that end in _once.',
      requirement: 'says-what-happens',
    },
  ),
  'event-without-name': checkCause(
    { what: named('unnamedEvents'), holds: ({ seen }) => seen !== 'none' },
    {
      sentence: 'The driver logs an event without its own name and that of the device.',
      change:
        'Use dev_info() and dev_warn(), not pr_info() or printk(): with two devices, nobody can tell whose line it is.',
      requirement: 'says-what-happens',
    },
  ),
  'other-event-logged': checkCause(
    {
      what: named('eventsLogged'),
      holds: ({ what, expected, seen }, facts) => {
        // A driver that also does what it logs has another fault.
        if (facts.failed.has('goes-down')) return false;
        const [promised, logged] = [itemsOf(expected), itemsOf(seen).map(withoutCount)];
        const isMissing = promised.some((event) => !logged.includes(event));
        // A SYNCRTC that cannot read the time may go on, which is another fault.
        return isMissing && logged.some((event) => !promised.includes(event)) && !what.endsWith(untimedSync);
      },
    },
    {
      sentence: 'The driver logs the line of another event than the one that has happened.',
      change: 'Compare the text of each line with the command of its branch: one may be a copy of another.',
      requirement: 'says-what-happens',
    },
  ),
  'event-logged-without-reason': checkCause(
    {
      what: named('eventsLogged'),
      holds: ({ expected, seen }) =>
        itemsOf(expected).every((event) => itemsOf(seen).includes(event)) &&
        itemsOf(seen).some((event) => !itemsOf(expected).includes(event)),
    },
    {
      sentence: 'The driver logs an event that has not happened, besides the one that has.',
      change: 'Log each event in the branch of its command only: a break may be missing.',
      requirement: 'says-what-happens',
    },
  ),
  'failure-not-logged': checkCause(
    {
      what: named('warningsOfFailure'),
      // It does not really work then.
      holds: (_, { reasons }) => !reasons.some((reason) => reason.startsWith('the guest panicked')),
    },
    {
      sentence: 'The driver works without something that it could not get, and logs no warning about it.',
      change: 'Log a warning with the error: users look for what is missing.',
      requirement: 'says-what-happens',
    },
  ),
  'absence-at-resume-not-logged': checkCause(
    { what: named('absenceAtResume'), seen: /^none$/ },
    {
      sentence: 'The driver does not log that the device does not respond when the guest wakes up.',
      change: 'Log an error in resume when a register reads as all ones, and return -ENODEV.',
      requirement: 'says-what-happens',
    },
  ),
  'logged-error-wrong': checkCause(
    { what: named('loggedErrors') },
    {
      sentence: 'The driver logs another error than the one that has happened.',
      change: 'Compare the arguments of the line with its format, and keep the sign of the error.',
      requirement: 'says-what-happens',
    },
  ),
  'logged-drift-wrong': checkCause(
    { what: named('loggedDrift'), holds: (_, { failed }) => !failed.has('shows-drift') },
    {
      sentence: 'The log line of a time sample shows a drift that the clock did not have.',
      change: 'Log host − guest in nanoseconds, of the sample of the line.',
      requirement: 'says-what-happens',
    },
  ),
  'logged-seconds-signed': checkCause(
    { what: named('lastSample'), seen: /-1\./, holds: (_, { failed }) => !failed.has('shows-host-time') },
    {
      sentence: 'The log line of a time sample shows the seconds as a signed number.',
      change: 'Print the seconds with %u: from 2038 on they need all 32 bits.',
      requirement: 'says-what-happens',
    },
  ),
  'invalid-sample-logged': checkCause(
    { what: named('samplesOfFailure'), holds: ({ seen }) => seen !== 'none' },
    {
      sentence: 'The driver logs a time sample that is not valid.',
      change: 'Log a sample only when its microseconds (BAR0 offset 32) are below a million.',
      requirement: 'says-what-happens',
    },
  ),
  'acknowledgement-named-wrong': checkCause(
    { what: named('namedAcknowledgements'), holds: ({ seen }) => seen !== 'none' },
    {
      sentence:
        'The log line of an acknowledgement names another command than the one that was acknowledged.',
      change: 'Log the name of the value that was written to BAR0 offset 20.',
      requirement: 'quiet-log',
    },
  ),
  'severity-wrong': checkCause(
    {
      what: named('eventsThatWarn', 'absenceAtResume'),
      holds: (check, facts) =>
        named('absenceAtResume').test(check.what) ? check.seen !== 'none' : logsAll(check, facts),
    },
    {
      sentence: 'A fault is logged as information, or an ordinary event as a warning.',
      change: 'Use dev_warn() or dev_err() for faults, and dev_info() for all else.',
      requirement: 'says-what-happens',
    },
  ),
  'logged-offset-wrong': checkCause(
    // A drift that is wrong as such is wrong in the line, too.
    { what: named('loggedOffset'), holds: (_, { failed }) => !failed.has('shows-drift') },
    {
      sentence: 'The log line of a SYNCRTC shows an offset that the clock did not have.',
      change: 'Log host − guest in nanoseconds, measured before the clock is set.',
      requirement: 'says-what-happens',
    },
  ),
  'warning-repeats': checkCause(
    { what: named('repeatingWarnings') },
    {
      sentence:
        'The transport prints a warning with a stack trace each time that a virtio driver asks for a wrong field.',
      change: 'Use WARN_ON_ONCE(), so that a virtio driver cannot fill the kernel log.',
      requirement: 'serves-virtio',
    },
  ),
} as const satisfies Readonly<Record<string, Cause>>;
