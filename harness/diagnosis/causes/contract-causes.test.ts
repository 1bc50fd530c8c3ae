import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { read } from '../../testing/cause-events.js';
import { checkNames } from '../check-names.js';
import type { CauseId } from './cause-table.js';
import { findCauses } from './find-causes.js';

const check = (requirement: string, what: string, expected = '', seen = ''): TraceData =>
  expected === seen
    ? { kind: 'check', result: 'ok', requirement, what }
    : { kind: 'check', result: 'not ok', requirement, what, expected, seen };

/** The causes that are found in events a millisecond apart; a number among them is a pause in ms. */
const found = (items: readonly (TraceData | number)[], reasons: readonly string[] = []): string[] => {
  let at = 0;
  const trace = items.flatMap((item) => {
    at += typeof item === 'number' ? item * 1000 : 1000;
    return typeof item === 'number' ? [] : [{ at, ...item }];
  });
  const numbered = trace.map((event, seq) => ({ ...event, seq }));
  return findCauses({ trace: numbered, dmesg: [], reasons }).map(({ id }) => id);
};

const logged = (what: string, expected: string, seen: string): TraceData =>
  check('says-what-happens', `${checkNames.eventsLogged}: ${what}`, expected, seen);
const warned = (what: string, expected: string, seen: string): TraceData =>
  check('says-what-happens', `${checkNames.eventsThatWarn}: ${what}`, expected, seen);
const delay = (ms: number, expected: string, seen: string): TraceData =>
  check(
    'obeys-parameters',
    `${checkNames.firstDelay} in ticks where the interval is ${ms} ms`,
    expected,
    seen,
  );
const counted = (offer: string, seen: string): TraceData =>
  check('shows-commands', `${checkNames.commandsByOffer} ${offer}`, 'REBOOT 1, SYNCRTC 0', seen);
const right = 'REBOOT 1, SYNCRTC 0';
const none = 'REBOOT 0, SYNCRTC 0';
const before = (seen: string): TraceData =>
  check('shows-commands', checkNames.commandsBeforeSleep, right, seen);
const after = check('shows-commands', checkNames.commandsAfterSleep, right, none);

const sent = (name: 'REBOOT' | 'SHUTDOWN' | 'SYNCRTC'): TraceData => ({
  kind: 'command',
  name,
  result: 'sent',
});
const up: readonly TraceData[] = [
  { kind: 'bar-read', offset: 0, width: 4, value: 7 },
  { kind: 'status', value: 3 },
  { kind: 'bar-write', offset: 4, width: 4, value: 7 },
  { kind: 'status', value: 7 },
];
const gone: TraceData = { kind: 'bar-read', offset: 0, width: 4, value: 0xffffffff, absent: true };
const suspend: TraceData = { kind: 'qmp-event', event: 'SUSPEND', data: '{}' };
const reset: TraceData = { kind: 'reset' };
const unreported = check('restores-after-sleep', checkNames.resumeError, 'in the kernel log', 'none');
const stops = check(
  'acts-on-newest',
  `${checkNames.stopsAfterTwo} SHUTDOWN and SYNCRTC`,
  'reboot, poweroff',
  'reboot × 2',
);
const later = check('goes-down', checkNames.stopOfOtherKind, 'reboot, poweroff', 'reboot × 2');

const poll: readonly TraceData[] = [
  { kind: 'bar-read', offset: 20, width: 4, value: 0 },
  { kind: 'bar-read', offset: 24, width: 4, value: 1 },
  { kind: 'bar-read', offset: 32, width: 4, value: 5 },
];
const polls: readonly TraceData[] = [...poll, ...poll];

const cases: readonly (readonly [string, readonly CauseId[], readonly (TraceData | number)[]])[] = [
  [
    'no warning of a clock that cannot be set',
    ['event-not-logged'],
    [check('quiet-log', checkNames.unsetWarnings, '1', '0')],
  ],
  ['two such warnings', [], [check('quiet-log', checkNames.unsetWarnings, '1', '2')]],
  [
    'samples that polls take',
    ['sampled-unasked'],
    [...polls, check('obeys-parameters', `${checkNames.samplesOfPolls} at debug 1`, '0', '4')],
  ],
  [
    'samples beside those of the readers',
    ['sampled-unasked'],
    [...polls, check('shows-host-time', checkNames.samplesUnread, '0', '4')],
  ],
  ['samples that no poll takes', [], [check('shows-host-time', checkNames.samplesUnread, '0', '4')]],
  [
    'samples of polls while an unknown command is in the register',
    ['sampled-unasked'],
    [...polls, check('acknowledges-known-only', checkNames.readsToSet, 'none', 'read secondsLow × 14')],
  ],
  [
    'an ignored error shows a drift from all ones',
    ['error-hidden-by-value'],
    [
      { kind: 'bar-read', offset: 32, width: 4, value: 0xffffffff },
      check('no-time-is-an-error', 'error of drift_ns where the device shows all ones', 'x', '-34201'),
      check('no-time-is-an-error', 'error of drift_ns where the host does not offer the time', 'x', '-17'),
    ],
  ],
  ['a line is missing', ['event-not-logged'], [logged('x', 'REBOOT', 'none'), warned('x', 'none', 'none')]],
  ['a line comes twice', [], [logged('x', 'REBOOT', 'REBOOT × 2')]],
  ['a line of another event', ['other-event-logged'], [logged('x', 'REBOOT', 'SHUTDOWN')]],
  [
    'a line without a name',
    ['event-without-name'],
    [
      logged('x', 'REBOOT', 'none'),
      check('says-what-happens', `${checkNames.unnamedEvents}: x`, 'none', 'REBOOT'),
    ],
  ],
  [
    'a line is a warning',
    ['severity-wrong'],
    [logged('x', 'REBOOT', 'REBOOT'), warned('x', 'none', 'REBOOT')],
  ],
  [
    'a line of a fault is missing',
    ['event-not-logged'],
    [logged('x', 'unknown', 'none'), warned('x', 'unknown', 'none')],
  ],
  [
    'the error of a probe',
    ['absence-is-an-error'],
    [
      check(
        'quiet-log',
        `${checkNames.otherWarnings}: loaded`,
        'none',
        'x: probe with driver x failed with error -5',
      ),
    ],
  ],
  [
    'the error of a probe in a check',
    ['absence-is-an-error'],
    [check('refuses-absent-device', checkNames.probeErrors, 'none', '-5')],
  ],
  ['another warning', [], [check('quiet-log', `${checkNames.otherWarnings}: loaded`, 'none', 'x: hm')]],
  ['a deferred probe', ['probe-deferred'], [check('survives-removal', checkNames.deferred, 'none', '0:5')]],
  [
    'an interval that is not read again',
    ['interval-not-read-again'],
    [
      check('obeys-parameters', 'polls while the interval is 0', '0', '9'),
      check('obeys-parameters', 'polls while the interval is 4294967295', '0', '9'),
    ],
  ],
  ['wrong unit', ['interval-in-wrong-unit'], [delay(37, '10', '37'), delay(1, '3', '10')]],
  ['wrong limit', ['interval-limits-wrong'], [delay(37, '10', '10'), delay(1, '3', '1')]],
  [
    'zero polls, so the delays differ too',
    ['zero-interval-not-off'],
    [check('obeys-parameters', 'polls while the interval is 0', '0', '21'), delay(0, '1000', '1')],
  ],
  ['deferrable', ['poll-does-not-wake'], [check('looks-unasked', checkNames.pollWaits, 'no', 'yes')]],
  [
    'guest time of ticks',
    ['guest-time-of-last-tick'],
    [check('shows-guest-time', checkNames.differentTimes, '50', '3')],
  ],
  ['drift of ticks', ['drift-of-last-tick'], [check('shows-drift', checkNames.differentDrifts, '50', '3')]],
  [
    'a wait in the drift',
    ['sample-includes-wait'],
    [check('shows-drift', checkNames.samplesTooClose, 'none', '2 ms')],
  ],
  [
    'no description',
    ['parameter-not-described'],
    [check('describes-parameters', checkNames.undescribed, 'none', 'debug')],
  ],
  [
    'a rounded drift',
    ['drift-rounded'],
    [check('shows-drift', checkNames.resolutionOfDrift, 'finer', '1000')],
  ],
  [
    'a clock set with the last tick',
    ['sync-adds-delay-of-ticks'],
    [check('sets-clock', checkNames.setBeforeSample, 'none', '2031-05-06T07:08:09.499Z')],
  ],
  [
    'guest time without zeros',
    ['fraction-not-padded'],
    [check('attribute-form', `${checkNames.unpaddedReadings}, guest_time`, 'none', '1795350900.702')],
  ],
  [
    'an alias',
    ['alias-too-wide'],
    [check('binds-only-vmmci', `${checkNames.foreignModule} virtio:d4`, 'none', 'x')],
  ],
  [
    'beyond BAR0',
    ['config-range-not-checked'],
    [check('serves-virtio', `${checkNames.beyondBar}, values`, 'get 1', 'get 2')],
  ],
  [
    'accesses that are wrong everywhere',
    ['config-field-wrong'],
    [
      check('serves-virtio', checkNames.fieldAccesses, 'write secondsLow = 1', 'write offset 16'),
      check('serves-virtio', `${checkNames.beyondBar} and at its end, accesses`, 'read', 'write'),
    ],
  ],
  ['rounded', ['sync-rounds-time'], [check('sets-clock', checkNames.resolutionOfSet, 'finer', '.1')]],
  [
    'counts by feature',
    ['commands-counted-if-acknowledged'],
    [counted('nothing', none), counted('ACK', right)],
  ],
  [
    'a command that is repeated without ACK',
    [],
    [counted('nothing', 'REBOOT 7, SYNCRTC 0'), counted('ACK', right)],
  ],
  [
    'an offset in the line',
    ['logged-offset-wrong'],
    [check('says-what-happens', checkNames.loggedOffset, '-1 s', '1 s')],
  ],
  [
    'an offset that is wrong everywhere',
    [],
    [check('says-what-happens', checkNames.loggedOffset, '-1 s', '1 s'), check('shows-drift', 'x', '1', '2')],
  ],
  [
    'the kind of the first stop is kept',
    [],
    [sent('SHUTDOWN'), check('acts-once', 'requests to go down', 'reboot × 2, poweroff', 'reboot × 3')],
  ],
  [
    'stops that are swapped',
    ['shutdown-and-reboot-swapped'],
    [sent('SHUTDOWN'), check('goes-down', 'requests to go down', 'poweroff', 'reboot')],
  ],
  [
    'another error of a PTP clock without the device',
    ['ptp-wrong-error'],
    [gone, check('shows-ptp-time', 'errno of clock_gettime without the device', '19', '5')],
  ],
  [
    'a device that is reset while the guest reboots by itself',
    ['driver-ok-dropped-on-stop'],
    [
      ...up,
      { kind: 'bar-write', offset: 18, width: 1, value: 0 },
      { kind: 'status', value: 0 },
      check('quiet-on-the-way-down', checkNames.driverOkAtEnd, 'set', '0'),
    ],
  ],
  [
    'a write that keeps DRIVER_OK',
    [],
    [...up, check('quiet-on-the-way-down', 'writes on the way down', 'none', 'write guestFeatures = 7')],
  ],
  [
    'a PTP clock that reports no error without the device',
    ['ptp-absence-not-an-error'],
    [gone, check('shows-ptp-time', 'errno of clock_gettime without the device', '19', '0')],
  ],
  ['no counts', ['commands-not-counted'], [counted('nothing', none), counted('ACK and SYNCRTC', none)]],
  ['counts lost in sleep', ['commands-lost-in-sleep'], [before(right), after]],
  ['counts missing before', ['commands-not-counted'], [before(none), after]],
  ['a later command', ['stop-mixed-up-with-later-command'], [sent('SHUTDOWN'), sent('SYNCRTC'), stops]],
  ['an earlier stop', ['kind-of-first-stop-kept'], [sent('SHUTDOWN'), later, sent('SYNCRTC'), stops]],
  ['absence after sleep', ['all-ones-taken-for-data'], [suspend, reset, gone, 1000, unreported]],
  ['no restore', ['nothing-restored-after-sleep'], [...up, suspend, reset, 1000, unreported]],
  [
    'the ISR as a whole',
    ['isr-compared-as-a-whole'],
    [
      ...up,
      sent('SYNCRTC'),
      { kind: 'bar-read', offset: 19, width: 1, value: 3 },
      3000,
      check('acknowledges', 'acknowledgements', 'SYNCRTC', 'none'),
    ],
  ],
  [
    'a time that the PTP clock refuses',
    ['ptp-time-refused'],
    [
      check('shows-ptp-time', 'errno of clock_gettime at 1970', '0', '34'),
      check('shows-ptp-time', 'PTP_SYS_OFFSET_EXTENDED at 1970', '1000', 'none'),
    ],
  ],
];

t.test('finds the cause, and no other', async (t) => {
  for (const [what, ids, items] of cases) t.same(found(items), ids, what);
});

const overlap = check(
  'shows-ptp-time',
  'brackets that begin before the one of the sample before has ended',
  'none',
  'x',
);
const second: TraceData = { kind: 'bar-read', offset: 24, width: 4, value: 1 };
const fraction: TraceData = { kind: 'bar-read', offset: 32, width: 4, value: 5 };

t.test('tells readers that do not wait for each other from brackets that enclose the wait', async (t) => {
  const paired = [second, fraction, second, fraction, second, fraction];
  t.same(found([...paired, overlap]), ['ptp-bracket-holds-wait']);
  t.same(found([second, second, fraction, second, fraction, fraction, overlap]), ['time-torn']);
  t.same(found([second, second, fraction, overlap]), ['ptp-bracket-holds-wait'], 'seconds read alone');
});

t.test('names the work that is still queued, not the memory that it then uses', async (t) => {
  const dmesg = ['ODEBUG: free active (active state 0) object: x', 'BUG: KASAN: slab-use-after-free in x'];
  t.same(
    findCauses({ trace: [], dmesg, reasons: [] }).map(({ id }) => id),
    ['work-outlives-driver'],
  );
});

t.test('finds a function that is not polled, and one without a clock', async (t) => {
  t.same(found([], ['no first poll of the second within 10 s']), ['state-shared-by-devices']);
  const again = ['no first poll of the first within 10 s'];
  t.same(found([], again), [], 'never polled');
  const polls = Array.from({ length: 4 }, () => read(20, 4, 0));
  t.same(found(polls, again), ['state-shared-by-devices'], 'polled until it was bound again');
  const clocks = (name: string): TraceData =>
    check('keeps-devices-apart', `PTP clocks of the ${name}`, '1', '0');
  t.same(found([clocks('second')]), ['state-shared-by-devices']);
  t.same(found([clocks('first'), clocks('second')]), []);
  const saw = (name: string): TraceData =>
    check('keeps-devices-apart', `commands that the ${name} saw`, 'SYNCRTC 0', 'SYNCRTC 1');
  t.same(found([saw('first')]), ['state-shared-by-devices']);
  t.same(found([saw('second')]), [], 'its own count is wrong');
  const time = (name: string): TraceData =>
    check('keeps-devices-apart', `host time of the ${name}`, '2026', '1970');
  t.same(found([time('second')]), ['state-shared-by-devices']);
  t.same(found([time('first'), time('second')]), [], 'the time is wrong on each device');
});

const atInstant = (instant: string): TraceData => check('driver-ok', `SYNCRTC at ${instant}`);
const synced = (...instants: string[]): TraceData[] =>
  instants.flatMap((instant) => [
    atInstant(instant),
    sent('SYNCRTC'),
    { kind: 'bar-read', offset: 20, width: 4, value: 3 } as const,
    { kind: 'bar-write', offset: 20, width: 4, value: 3 } as const,
    { kind: 'bar-read', offset: 24, width: 4, value: 1 } as const,
  ]);
const noStep = ["no step of the guest's clock within 5 s"];

t.test('names the lost fraction, not that all times are rounded then', async (t) => {
  const numbers = {
    from: 1_924_895_289_450_000_000n,
    to: 1_924_895_289_550_000_000n,
    seen: 1_924_895_289_000_000_000n,
  };
  const lost: TraceData = {
    kind: 'check',
    result: 'not ok',
    requirement: 'sets-clock',
    what: "guest's clock afterwards",
    expected: '.45 to .55',
    seen: '.0',
    numbers,
  };
  const rounded = check('sets-clock', checkNames.resolutionOfSet, 'finer', '.0');
  const before = check('sets-clock', checkNames.setBeforeSample, 'none', '.0');
  t.same(found([{ kind: 'sample', us: 1_924_895_289_500_000n }, lost, before, rounded]), [
    'sync-loses-fraction',
  ]);
});

t.test('says that the clock is never set back only if it never was', async (t) => {
  const first = synced('2031-05-06T07:08:09.500000Z', '2028-02-29T23:59:59.500000Z');
  t.same(found(first, noStep), ['sync-never-back']);
  const again = synced(
    '2031-05-06T07:08:09.500000Z',
    '2028-02-29T23:59:59.500000Z',
    '2106-02-07T06:28:13.500000Z',
    '1980-01-01T00:00:00.500000Z',
  );
  t.same(found(again, noStep), []);
});
