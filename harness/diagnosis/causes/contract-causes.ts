// Causes that are visible where the driver does not keep to its description: intervals, attributes, aliases,
// counts.

import { checkNames, named } from '../check-names.js';
import { checkCause, checksOf } from './check-cause.js';
import { isUp } from './events.js';
import type { Cause, Facts, FailedCheck } from './facts.js';

/** The number of SYNCRTC in a list of counts. */
const syncsIn = (counts: string): string | undefined => /\bSYNCRTC (\d+)/.exec(counts)?.[1];

/** The interval in the name of a check of a delay, in milliseconds. */
const intervalOf = ({ what }: FailedCheck): number =>
  Number(/interval is (\d+) ms/.exec(what)?.[1] ?? Number.NaN);

const delaysOf = (facts: Facts): FailedCheck[] =>
  checksOf(facts, ['obeys-parameters'], { what: named('firstDelay') });

/** True for an interval that is between the limits, so that it must be kept exactly. */
const isInside = (check: FailedCheck): boolean => intervalOf(check) > 10 && intervalOf(check) < 3_600_000;

/** The reasons of a scenario that ended with a failed command in the guest, of the form. */
const failedCommands = ({ reasons }: Facts, form: RegExp): string[] =>
  reasons.filter((reason) => form.test(reason)).map((reason) => reason.split('\n', 1)[0] ?? '');

export const contractCauses = {
  'absence-is-an-error': checkCause(
    {
      what: named('otherWarnings', 'probeErrors'),
      holds: ({ what, seen }) => named('probeErrors').test(what) || /probe .*failed with error/.test(seen),
    },
    {
      sentence: 'If the device does not respond, probe fails with an error other than ENODEV.',
      change: 'Return -ENODEV from probe: the kernel takes other errors for a fault, and warns of them.',
      requirement: 'quiet-log',
      explains: ['quiet-log', 'refuses-absent-device'],
    },
  ),
  'failure-with-another-error': checkCause(
    {
      what: named('errorOfFailure'),
      holds: ({ expected, seen }) =>
        /^-\d+$/.test(expected) && (/^-\d+$/.test(seen) || seen === checkNames.unloggedError),
    },
    {
      sentence: 'When a call into the kernel fails, probe returns another error than that call.',
      change: 'Return the error of the call. The kernel logs neither ENODEV nor ENXIO: they refuse a device.',
      requirement: 'undoes-failures',
    },
  ),
  'probe-deferred': checkCause(
    { what: named('deferred') },
    {
      sentence:
        'If the device does not respond, probe defers, so the kernel repeats it with each new device.',
      change: 'Return -ENODEV from probe, not -EPROBE_DEFER.',
      requirement: 'survives-removal',
    },
  ),
  'parameter-not-described': checkCause(
    { what: named('undescribed') },
    {
      sentence: 'A parameter has no description that modinfo shows.',
      change: 'Add MODULE_PARM_DESC() with the name of the parameter.',
      requirement: 'describes-parameters',
    },
  ),
  'interval-in-wrong-unit': {
    sentence: 'The time between two polls differs from the interval that the parameter sets.',
    change: 'Convert the milliseconds of the parameter with msecs_to_jiffies(), and nothing else.',
    requirement: 'obeys-parameters',
    explains: ['obeys-parameters'],
    find: (facts) => (delaysOf(facts).some(isInside) ? delaysOf(facts).slice(0, 3) : []),
  },
  'interval-limits-wrong': {
    sentence: 'The limits of the interval differ from the documented ones.',
    change: 'Clamp the parameter to 10 … 3600000 ms, and use 1000 ms while it is 0.',
    requirement: 'obeys-parameters',
    explains: ['obeys-parameters'],
    find: (facts) => (delaysOf(facts).some(isInside) ? [] : delaysOf(facts).slice(0, 3)),
  },
  'long-interval-not-kept': checkCause(
    {
      what: /^polls while the interval is [1-9]/,
      holds: (_, { checks }) => !checks.some(({ what }) => /^polls while the interval is 0/.test(what)),
    },
    {
      sentence:
        'The driver polls soon although a long interval is set: it ignores the value, or takes it for a negative one.',
      change:
        'Read the parameter with READ_ONCE() each time that the work is queued, and clamp it as an unsigned number.',
      requirement: 'obeys-parameters',
    },
  ),
  'sampled-without-polls': checkCause(
    { what: named('samplesWithoutPolls') },
    {
      sentence: 'The driver takes time samples unasked although the interval of 0 turns polling off.',
      change: 'While the interval is 0, let the work read nothing but the parameter.',
      requirement: 'obeys-parameters',
    },
  ),
  'interval-changes': checkCause(
    { what: named('regularPolls'), holds: (_, facts) => delaysOf(facts).length === 0 },
    {
      sentence: 'The time between two polls does not stay the one that the parameter sets.',
      change:
        'Queue each poll with the interval of the parameter: a driver that polls less often while nothing happens acknowledges too late.',
      requirement: 'obeys-parameters',
    },
  ),
  'poll-does-not-wake': checkCause(
    { what: named('pollWaits'), seen: /^yes$/ },
    {
      sentence: 'The timer of the poll does not wake an idle processor, so a poll can be late without limit.',
      change: 'Use INIT_DELAYED_WORK() for the work that polls, not INIT_DEFERRABLE_WORK().',
      requirement: 'looks-unasked',
    },
  ),
  'guest-time-of-last-tick': checkCause(
    { what: named('differentTimes') },
    {
      sentence: 'The guest time is that of the last tick of the kernel: it is up to some milliseconds old.',
      change: 'Read the guest time with ktime_get_real_ts64(), not with ktime_get_coarse_real_ts64().',
      requirement: 'shows-guest-time',
    },
  ),
  'drift-of-last-tick': checkCause(
    { what: named('differentDrifts') },
    {
      sentence:
        'The drift is measured with the time of the last tick of the kernel, so it is off by milliseconds.',
      change: 'Take the guest clock with ktime_get(), not with ktime_get_coarse() or jiffies.',
      requirement: 'shows-drift',
    },
  ),
  'sample-includes-wait': checkCause(
    { what: named('samplesTooClose') },
    {
      sentence: 'The drift counts the wait for another reader as a part of the read of the seconds.',
      change: 'Take the lock first, then read the guest clock, and then BAR0 offset 24.',
      requirement: 'shows-drift',
    },
  ),
  'drift-rounded': checkCause(
    {
      what: named('resolutionOfDrift'),
      holds: (_, { checks }) => !checks.some(({ what }) => named('differentDrifts').test(what)),
    },
    {
      sentence: 'The drift is rounded to microseconds or more.',
      change:
        'Compute the drift in nanoseconds from seconds (BAR0 offset 24) and microseconds (BAR0 offset 32), without rounding.',
      requirement: 'shows-drift',
    },
  ),
  'alias-too-wide': checkCause(
    { what: named('foreignModule') },
    {
      sentence: 'A module has an alias that also matches other devices, and is loaded for them.',
      change: 'Name vendor and device in the id table, with subsystem ids for PCI.',
      requirement: 'binds-only-vmmci',
    },
  ),
  'config-field-wrong': checkCause(
    { what: named('fieldValues', 'fieldAccesses') },
    {
      sentence: 'The transport reads or writes a field of the configuration space wrongly.',
      change:
        'Access each register that holds a part of the field once, as 32 bits at BAR0 offset 20 + field, and copy the bytes in their order.',
      requirement: 'serves-virtio',
    },
  ),
  'config-range-not-checked': checkCause(
    {
      what: named('beyondBar'),
      holds: (_, { checks }) => !checks.some(({ what }) => named('fieldValues', 'fieldAccesses').test(what)),
    },
    {
      sentence: 'The transport does not check whether a field is within BAR0, or checks it wrongly.',
      change: 'Refuse a field that does not end within BAR0: log a warning, and return 0 for a read.',
      requirement: 'serves-virtio',
    },
  ),
  'commands-counted-if-acknowledged': {
    sentence:
      'The driver counts a command only if it acknowledges it, so it counts none on a host without ACK.',
    change: 'Count a command where it is acted on, whether or not bit 1 (ACK) of the features is set.',
    requirement: 'shows-commands',
    explains: ['shows-commands'],
    find: (facts) => {
      const checks = checksOf(facts, ['shows-commands'], { what: named('commandsByOffer') });
      const counted = facts.trace.some(
        (event) =>
          event.kind === 'check' &&
          event.result === 'ok' &&
          named('commandsByOffer').test(event.what) &&
          /ACK|all/.test(event.what),
      );
      const uncounted = checks.every(({ what, seen }) => !/ACK|all/.test(what) && !/ [1-9]/.test(seen));
      return counted && uncounted ? checks.slice(0, 3) : [];
    },
  },
  'commands-lost-in-sleep': checkCause(
    {
      what: named('commandsAfterSleep', 'lastCommandAfterSleep'),
      holds: (_, { checks }) => !checks.some(({ what }) => named('commandsBeforeSleep').test(what)),
    },
    {
      sentence: 'During a sleep the driver forgets which commands it has received.',
      change: 'Keep the counts and the last command in freeze and restore.',
      requirement: 'shows-commands',
    },
  ),
  'old-command-counted': checkCause(
    { what: named('commandsAfterReload', 'commandsBeforeBound'), seen: /[1-9]/ },
    {
      sentence: 'The driver counts a command that was sent before it was bound.',
      change: 'Store the value that BAR0 offset 20 reads as in probe as handled, and do not count it.',
      requirement: 'shows-commands',
    },
  ),
  'counts-wrap': checkCause(
    {
      what: named('commandsAfterMany'),
      holds: ({ expected, seen }) => Number(syncsIn(seen)) === Number(syncsIn(expected)) % 256,
    },
    {
      sentence: 'The counts of commands start at 0 again after 255.',
      change: 'Count in unsigned long, and print it with %lu.',
      requirement: 'shows-commands',
    },
  ),
  'module-not-described': checkCause(
    { what: named('missingInformation') },
    {
      sentence: 'A module has no description or no author.',
      change: 'Add MODULE_DESCRIPTION() and MODULE_AUTHOR() to each module.',
      requirement: 'describes-modules',
    },
  ),
  'interrupt-without-name': checkCause(
    { what: /^names? of the handlers?/, seen: /^(?:\(null\)(?: × \d+)?|none)$/ },
    {
      sentence: 'The interrupt handler has no name in /proc/interrupts.',
      change:
        'Pass the name of the PCI driver to request_irq(): the virtio device has none before it is registered.',
      requirement: 'names-interrupt',
    },
  ),
  'range-without-name': checkCause(
    { what: /^name of the I\/O range/, of: ['names-range'] },
    {
      sentence: 'The I/O range has no name in /proc/ioports.',
      change: 'Pass the name of the PCI driver to pci_request_region().',
      requirement: 'names-range',
    },
  ),
  'attribute-missing': {
    sentence: 'An attribute that vmmci-driver.json names does not exist.',
    change: 'Add it to the attribute group, or remove it from vmmci-driver.json.',
    requirement: 'attribute-form',
    find: (facts) =>
      // Without a driver there are no attributes at all.
      facts.trace.some(isUp)
        ? failedCommands(
            facts,
            /^in the guest, `(?:stat -c %a|cat|read-files) \/sys\/bus\/pci\/devices\/\S*` exited with status \d+: (?!.*\/virtio\*: ).*No such file/,
          )
        : [],
  },
  'parameter-type-too-narrow': {
    sentence: 'A parameter does not accept a value that its documented type can hold.',
    change: 'Declare it with the documented type, and accept each of its values: uint holds 0 to 4294967295.',
    requirement: 'obeys-parameters',
    find: ({ trace, reasons, pollParameter }) => {
      if (pollParameter === undefined) return [];
      const form =
        /invalid for parameter|Numerical result out of range|Result not representable|Invalid argument/;
      const set = trace.findLast((event) => event.kind === 'shell' && event.command.includes(pollParameter));
      const reason = reasons.find((line) => line.includes(pollParameter) && form.test(line));
      return set === undefined || reason === undefined ? [] : [set, reason.split('\n', 1)[0] ?? ''];
    },
  },
  'module-reference-kept': {
    sentence: 'The module cannot be unloaded, because it holds a reference to itself.',
    change:
      'Release each reference of __module_get() or try_module_get() with module_put(); a bound device needs none.',
    requirement: 'leaves-nothing',
    find: (facts) =>
      failedCommands(
        facts,
        /^in the guest, `unload .*` exited with status \d+: .*(?:temporarily unavailable|busy)/,
      ),
  },
} as const satisfies Readonly<Record<string, Cause>>;
