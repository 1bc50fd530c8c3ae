import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, found } from '../../testing/cause-events.js';
import { ACK, SYNCRTC, TIMESYNC } from '../../vmmci/features.js';
import { ISR_CONFIG } from '../../vmmci/registers.js';
import { checkNames } from '../check-names.js';
import { showFeatures, showIsr } from '../decode.js';
import { requirements } from '../requirements.js';
import { type CauseId, causes } from './cause-table.js';

interface Case {
  readonly id: CauseId;
  readonly requirement: string;
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  /** The events before the check. */
  readonly before?: readonly TraceData[];
}

const check = ({ requirement, what, expected, seen }: Omit<Case, 'id'>): TraceData =>
  failed(requirement, what, expected, seen);

const down: TraceData = { kind: 'status', value: 0 };
const sent = (name: 'REBOOT' | 'SHUTDOWN'): TraceData => ({ kind: 'command', name, result: 'sent' });

const noon = '2026-11-22T12:00:00.000000Z (1795348800000000000 ns)';
const later = '2026-11-22T12:00:01.500000Z (1795348801500000000 ns)';

const cases: readonly Case[] = [
  ['foreign-interrupt-claimed', 'claims-own-interrupts', 'unhandled interrupts, the ISR reading 0', '1', '0'],
  ['own-interrupt-not-claimed', 'claims-own-interrupts', 'unhandled interrupts', '0', '3'],
  ['attribute-mode', 'attribute-form', 'mode of drift_ns', '444', '400'],
  ['attribute-without-newline', 'attribute-form', 'bytes of drift_ns', '/^-?\\d+\\n$/', '-17'],
  ['attribute-with-blanks', 'attribute-form', 'bytes of last_command', '"NONE\\n"', '"NONE \\n"'],
  ['commands-listed-wrong', 'attribute-form', 'bytes of commands', '"A 0\\nB 0\\n"', '"A 0\\n"'],
  ['commands-counted-twice', 'shows-commands', 'SYNCRTC commands', '3', '6'],
  ['commands-not-counted', 'shows-commands', 'commands', 'REBOOT 2, SYNCRTC 1', 'REBOOT 0, SYNCRTC 0'],
  ['last-command-not-kept', 'shows-commands', 'last command', 'SYNCRTC', 'NONE'],
  ['error-hidden-by-value', 'no-time-is-an-error', 'error of drift_ns where x', 'No data available', '0'],
  [
    'wrong-error',
    'no-time-is-an-error',
    'error of host_time where x',
    'No such device',
    'Input/output error',
  ],
  ['parameter-mode', 'parameter-contract', 'mode of debug', '644', '444'],
  ['soft-dependency-missing', 'loads-transport', 'modules that modprobe loads before virtio_x', 'y', 'none'],
  ['queue-not-refused', 'serves-virtio', 'error for a queue', 'queue -2', 'queue 0'],
  ['bus-name-missing', 'serves-virtio', 'name of the bus of the device', 'bus 0000:00:05.0', 'bus virtio'],
  ['features-logged-wrong', 'says-what-happens', 'features that the line names, 1 in use', ' A', ' A B'],
  ['parameter-default', 'parameter-contract', 'default of debug', '0', '1'],
  ['parameter-with-nul', 'parameter-contract', 'default of debug', '0', String.raw`"0\n\\x00"`],
  ['zero-interval-not-off', 'obeys-parameters', 'polls while the interval is 0', '0', '21'],
  ['long-interval-not-kept', 'obeys-parameters', 'polls while the interval is 4294967295', '0', '15'],
  ['interval-changes', 'obeys-parameters', `${checkNames.regularPolls} 37 ms, of 12`, '12 or more', '4'],
  ['sampled-without-polls', 'obeys-parameters', checkNames.samplesWithoutPolls, '0', '1'],
  ['time-read-on-waking', 'no-needless-accesses', checkNames.readsOnWaking, '0', '1'],
  ['event-without-name', 'says-what-happens', `${checkNames.unnamedEvents}: SYNCRTC`, 'none', 'set'],
  ['ptp-clock-left-behind', 'undoes-failures', 'leaked resources after x', 'none', '/sys/class/ptp/ptp1'],
  [
    'interval-not-limited',
    'obeys-parameters',
    'polls in 9 ms where an interval of 1 ms is asked for',
    '4',
    '9',
  ],
  ['line-per-poll', 'quiet-log', 'lines of 20 polls', 'none', 'a, b'],
  ['line-per-reading', 'quiet-log', 'lines of 20 readings of each attribute', 'none', 'a, b'],
  ['log-level-not-kept', 'quiet-log', 'lines about an acknowledgement at debug 1', '1', '0'],
  ['warning-without-fault', 'quiet-log', 'warnings that name the driver', 'none', 'virtio_x: features'],
  [
    'accesses-differ-from-transcript',
    'keeps-transcript',
    'accesses in probe',
    '12 lines',
    '- read isr; + read x',
  ],
  ['virtio-ids-wrong', 'virtio-ids', 'virtio device', '0xffff', '0x0777'],
  ['bound-under-another-name', 'binds-function', 'virtio driver', 'virtio_vmmci', 'vmmci_all'],
  ['pci-alias-missing', 'loads-by-alias', 'module for pci:v00000B5D', 'a module of the driver', 'none'],
  ['virtio-alias-missing', 'loads-by-alias', 'module for virtio:d0000FFFF', 'a module of the driver', 'none'],
  ['interrupt-not-freed', 'leaves-nothing', 'leaked resources', 'none', 'interrupt handler x'],
  ['range-not-released', 'leaves-nothing', 'leaked resources', 'none', 'I/O range x'],
  ['work-queue-not-destroyed', 'leaves-nothing', 'leaked resources', 'none', 'kernel thread (kworker/R-x)'],
  ['memory-leaked', 'leaves-nothing', 'allocations that were not freed', 'none', 'f+0x1/0x2 [m]'],
  ['device-left-enabled', 'leaves-nothing', 'leaked resources', 'none', 'enable count 1'],
  ['device-disabled-too-often', 'leaves-nothing', 'leaked resources', 'none', 'enable count 4294967295'],
  [
    'range-not-released',
    'undoes-failures',
    'leaked resources after f of m has failed',
    'none',
    'I/O range x',
  ],
  ['ptp-call-accepted', 'shows-ptp-time', 'errno of adjtime', '95', '0'],
  ['ptp-wrong-error', 'shows-ptp-time', 'errno of clock_gettime without the device', '19', '5'],
  ['ptp-call-refused-with-wrong-error', 'shows-ptp-time', 'errno of settime', '95', '22'],
  ['ptp-claims-capabilities', 'shows-ptp-time', 'capabilities', '0 × 8', '1000, 0 × 7'],
  ['ptp-clock-name', 'shows-ptp-time', 'names of the PTP clocks of the function', 'vmmci', 'x'],
  [
    'ptp-clock-without-parent',
    'shows-ptp-time',
    'names of the PTP clocks of the function',
    'vmmci',
    'vmmci without a parent',
  ],
  ['ptp-clock-stays', 'shows-ptp-time', 'PTP clocks once the driver is unbound', 'none', 'device x'],
  ['ptp-bracket-beside-sample', 'shows-ptp-time', 'brackets of seconds that take 100 ms to read', '3', '1'],
  ['own-interrupt-not-claimed', 'claims-own-interrupts', checkNames.queueInterrupt, '0', '1'],
  [
    'queue-bit-taken-for-change',
    'no-needless-accesses',
    checkNames.accessesOfQueueInterrupt,
    'none',
    'read command, write command = SHUTDOWN',
  ],
  ['ptp-clock-name', 'shows-ptp-time', 'name of the PTP clock of the second', 'vmmci', 'vmmci1'],
  ['failure-not-logged', 'says-what-happens', `${checkNames.warningsOfFailure} f of m fails`, 'a', 'none'],
  ['logged-error-wrong', 'says-what-happens', `${checkNames.loggedErrors} f of m fails`, 'none', '11'],
  ['logged-drift-wrong', 'says-what-happens', checkNames.loggedDrift, '-1 s to 1 s', '5 s'],
  [
    'valid-time-refused',
    'no-time-is-an-error',
    'errors of readings',
    'No such device',
    String.raw`"Input/output error\nNo such device"`,
  ],
  ['wake-up-callback-missing', 'restores-after-sleep', checkNames.missingCallbacks, 'none', 'restore'],
  [
    'wake-up-callback-empty',
    'restores-after-sleep',
    checkNames.frozenDevice,
    'a read of the status',
    'frozen 189, woken none',
  ],
  ['wake-up-callback-empty', 'restores-after-sleep', checkNames.restoredFromDisk, 'set', 'not set'],
  [
    'ptp-bracket-by-one-clock',
    'shows-ptp-time',
    checkNames.monotonicBracket,
    'at most 20000000000 ns',
    '1795350896000007000, 1795350896000008000',
  ],
  ['event-per-poll', 'no-needless-events', checkNames.eventsOfPolls, '0', '20'],
  [
    'invalid-sample-logged',
    'says-what-happens',
    checkNames.samplesOfFailure,
    'none',
    'host 1795350896.1000000',
  ],
  ['line-per-foreign-interrupt', 'quiet-log', checkNames.linesOfForeignInterrupt, 'none', 'a'],
  ['unknown-command-counted-once', 'shows-commands', 'unknown commands, again', '4', '3'],
  ['warning-without-fault', 'quiet-log', checkNames.warningsOfPolls, 'none', 'virtio_x: no time'],
  ['warning-without-fault', 'quiet-log', checkNames.warningsOfSleep, 'none', 'virtio_x: restored'],
  ['time-asleep-added', 'sets-clock', checkNames.clockAfterSleep, `${noon} to ${noon}`, later],
  ['time-asleep-added', 'shows-drift', checkNames.driftAfterSleep, `${noon} to ${noon}`, later],
  ['logged-seconds-signed', 'says-what-happens', checkNames.lastSample, 'host 4294967295.', 'host -1.000007'],
  ['sync-without-valid-time', 'no-time-is-an-error', checkNames.hoursWithoutTime, '24 or 0', '1'],
  ['acknowledgement-named-wrong', 'quiet-log', checkNames.namedAcknowledgements, 'REBOOT', 'SYNCRTC'],
  ['absence-at-resume-not-logged', 'says-what-happens', checkNames.absenceAtResume, 'a warning', 'none'],
  ['severity-wrong', 'says-what-happens', checkNames.absenceAtResume, 'a warning', 'it has gone'],
  ['failure-with-another-error', 'undoes-failures', `${checkNames.errorOfFailure} x fails`, '-16', '-19'],
  [
    'failure-with-another-error',
    'undoes-failures',
    `${checkNames.errorOfFailure} x fails`,
    '-16',
    checkNames.unloggedError,
  ],
  ['interrupt-without-name', 'names-interrupt', 'names of the handlers', 'a name each', '(null) × 2'],
  ['reference-kept', 'leaves-nothing', 'references to the PCI function after unload', '9', '10'],
  [
    'interrupt-wakes-guest',
    'leaves-nothing',
    'leaked resources',
    'none',
    'interrupt that wakes the guest up, 10',
  ],
  [
    'acknowledge-left-on-remove',
    'resets-device',
    'status after the function was unbound',
    '0x0',
    '0x1 (ACKNOWLEDGE)',
  ],
  ['sync-during-sync-dropped', 'carries-out', checkNames.hoursAfterSecond, '0', '-1'],
  ['config-field-wrong', 'serves-virtio', checkNames.fieldAccesses, 'read secondsLow', 'read command'],
  ['module-not-described', 'describes-modules', checkNames.missingInformation, 'none', 'a: author'],
  ['range-without-name', 'names-range', 'name of the I/O range', 'a name', '<BAD>'],
  ['warning-repeats', 'serves-virtio', checkNames.repeatingWarnings, '0', '1'],
  ['alias-too-wide', 'binds-only-vmmci', `${checkNames.foreignModule} pci:v`, 'none', 'a'],
  ['sync-ignores-small-steps', 'sets-clock', checkNames.setFromLittle, 'one by the driver', 'x'],
  [
    'old-command-counted',
    'shows-commands',
    checkNames.commandsAfterReload,
    'SHUTDOWN 0, REBOOT 0',
    'SHUTDOWN 1, REBOOT 0',
  ],
  [
    'old-command-counted',
    'shows-commands',
    checkNames.commandsBeforeBound,
    'REBOOT 0, unknown 0',
    'REBOOT 0, unknown 1',
  ],
  ['sample-shared', 'shows-host-time', checkNames.samplesUnread, '0', '-154'],
  ['sample-shared', 'shows-drift', checkNames.samplesTooClose, 'none', '0.000000000 s × 5'],
  [
    'counts-wrap',
    'shows-commands',
    checkNames.commandsAfterMany,
    'REBOOT 3, SYNCRTC 260',
    'REBOOT 3, SYNCRTC 4',
  ],
].map(([id, requirement, what, expected, seen]) => ({ id, requirement, what, expected, seen }) as Case);

const withEvents: readonly Case[] = [
  {
    id: 'isr-kept-after-reset',
    before: [down],
    requirement: 'resets-device',
    what: 'ISR after unload',
    expected: showIsr(0),
    seen: showIsr(ISR_CONFIG),
  },
  {
    id: 'features-kept-after-reset',
    before: [down],
    requirement: 'resets-device',
    what: 'features after unload 1',
    expected: showFeatures(0),
    seen: showFeatures(TIMESYNC | ACK | SYNCRTC),
  },
  {
    id: 'shutdown-and-reboot-swapped',
    before: [sent('REBOOT')],
    requirement: 'goes-down',
    what: 'end of the guest',
    expected: 'guest-reset',
    seen: 'guest-shutdown',
  },
  {
    id: 'goes-down-without-user-space',
    before: [sent('REBOOT'), { kind: 'guest-exit', exit: 'reset', aftermath: 'stop' }],
    requirement: 'keeps-data',
    what: 'file system afterwards',
    expected: 'clean',
    seen: 'recovery',
  },
];

t.test('finds the cause that a check shows, and no other', async (t) => {
  for (const { id, before = [], ...more } of [...cases, ...withEvents]) {
    t.same(found([...before, check(more)]), [id], id);
    if (before.length > 0) t.same(found([check(more)]), [], `${id} needs its events`);
  }
});

t.test('finds no cause in other checks of the same requirement', async (t) => {
  for (const requirement of Object.keys(requirements))
    t.same(
      found([check({ requirement, what: 'anything', expected: 'this', seen: 'that' })]),
      [],
      requirement,
    );
});

t.test('has each case in the table of causes', async (t) => {
  for (const { id } of cases) t.ok(id in causes, id);
});
