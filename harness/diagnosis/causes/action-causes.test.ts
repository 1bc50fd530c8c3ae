import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, found, raise, read, write } from '../../testing/cause-events.js';
import { checkNames, fastGuest, repeatedStep } from '../check-names.js';

const check = (requirement: string, what: string, expected = '', seen = ''): TraceData =>
  expected === seen
    ? { kind: 'check', result: 'ok', requirement, what }
    : failed(requirement, what, expected, seen);
const sent = (name: 'REBOOT' | 'SHUTDOWN' | 'SYNCRTC'): TraceData => ({
  kind: 'command',
  name,
  result: 'sent',
});
const acknowledged = (name: 'REBOOT' | 'SHUTDOWN' | 'SYNCRTC', value: number): TraceData[] => [
  sent(name),
  read(20, 4, value),
  write(20, 4, value),
];
const logged = (step: string, expected: string, seen: string): TraceData =>
  check('says-what-happens', `${checkNames.eventsLogged}: ${step}`, expected, seen);

t.test('tells an event that is logged once from one that is never logged', async (t) => {
  const again = logged(`bound${repeatedStep}`, 'features', 'none');
  t.same(found([logged('loaded', 'features', 'features'), again]), ['event-logged-once']);
  t.same(found([logged('loaded', 'features', 'none'), again]), ['event-not-logged']);
});

t.test('finds an event that is logged besides the one that has happened', async (t) => {
  t.same(found([logged('SHUTDOWN', 'SHUTDOWN', 'REBOOT, SHUTDOWN')]), ['event-logged-without-reason']);
  t.same(found([logged('SHUTDOWN', 'SHUTDOWN', 'REBOOT')]), ['other-event-logged']);
});

t.test('finds a command that is read after the reset', async (t) => {
  const differs = check('keeps-transcript', 'accesses in remove', '9 lines', '2 lines differ');
  const reset = [write(18, 1, 0), write(4, 4, 0), read(19, 1, 0)];
  t.same(found([...reset, read(20, 4, 2), write(18, 1, 1), differs]), ['command-read-after-reset']);
  t.same(found([read(20, 4, 2), ...reset, write(18, 1, 1), differs]), []);
  const polled = check('resets-device', 'reads of the command after the reset', '0', '1');
  t.same(found([...reset, read(20, 4, 2), write(18, 1, 1), polled]), ['command-read-after-reset']);
});

t.test('finds features that are written with another width', async (t) => {
  const differs = check('respects-offer', 'last write of features', 'write guestFeatures = 7', 'write');
  t.same(found([write(4, 1, 7), differs]), ['header-width-wrong']);
  t.same(found([write(4, 4, 7), differs]), []);
  t.same(found([write(4, 1, 7)]), [], 'no check failed');
});

t.test('finds a feature that the driver does not know', async (t) => {
  const accepted = check('negotiates-features', 'features in use', '0x7', '0xf');
  t.same(found([read(0, 4, 0xff_ffff), write(4, 4, 0xf), accepted]), ['unknown-feature-accepted']);
  t.same(found([read(0, 4, 0xff_ffff), write(4, 4, 7), accepted]), []);
});

t.test('finds a command that was handled before the device was gone', async (t) => {
  const again = check('acts-once', checkNames.acksAfterAbsence, 'none', 'REBOOT: graceful');
  const poll = read(20, 4, 2);
  const handled = [...acknowledged('REBOOT', 2), poll, poll];
  const gone = read(20, 4, 0xffffffff);
  t.same(found([...handled, gone, gone, poll, write(20, 4, 2), again]), ['handled-command-forgotten']);
  t.same(
    found([
      ...acknowledged('REBOOT', 2),
      poll,
      write(20, 4, 2),
      poll,
      write(20, 4, 2),
      gone,
      poll,
      write(20, 4, 2),
      again,
    ]),
    ['command-acted-on-again'],
  );
});

t.test('finds a stop that needs the feature ACK', async (t) => {
  const reasons = ['no 2 requests to go down within 5 s'];
  t.same(found([write(4, 4, 1), sent('SHUTDOWN'), read(20, 4, 1)], { reasons }), [
    'stop-only-if-acknowledged',
  ]);
  t.same(found([write(4, 4, 7), ...acknowledged('SHUTDOWN', 1)], { reasons }), ['stop-not-carried-out']);
});

t.test('tells a stop that is lost in a sleep from one that is never carried out', async (t) => {
  const reasons = ['no request to go down within 5 s'];
  const sleep: TraceData = { kind: 'shell', command: 'echo disk >/sys/power/state', status: 0 };
  const other: TraceData = { kind: 'shell', command: 'power-requests wait 1', status: 0 };
  t.same(found([...acknowledged('SHUTDOWN', 1), sleep], { reasons }), ['stop-lost-in-sleep']);
  t.same(found([...acknowledged('SHUTDOWN', 1), other, sleep], { reasons }), ['stop-not-carried-out']);
});

t.test('finds a power-off by force', async (t) => {
  const dmesg = ['reboot: Failed to start orderly shutdown: forcing the issue'];
  const reasons = ['the guest went down'];
  t.same(found([...acknowledged('SHUTDOWN', 1)], { dmesg, reasons }), ['poweroff-forced']);
  // The driver is unloaded while the guest goes down, and leaves the status.
  const kept: TraceData = { kind: 'bar-read', offset: 18, width: 1, value: 7 };
  const warning = 'WARNING: CPU: 0 PID: 1 at drivers/virtio/virtio.c:371 virtio_dev_remove+0x8f/0xb0';
  t.same(found([...acknowledged('SHUTDOWN', 1), kept], { dmesg: [...dmesg, warning], reasons }), [
    'poweroff-forced',
  ]);
});

t.test('finds a SYNCRTC that is ignored after a stop', async (t) => {
  const reasons = ["no 'bar-read' in the trace within 10 s"];
  const offer = read(0, 4, 7);
  const first = [...acknowledged('SYNCRTC', 3), read(24, 4, 1)];
  const later = [...acknowledged('REBOOT', 2), ...acknowledged('SYNCRTC', 3)];
  t.same(found([offer, ...first, ...later], { reasons }), ['sync-ignored-after-stop']);
  t.same(found([offer, ...later], { reasons }), ['sync-without-reading-time']);
});

t.test('a driver that sets the clock to the RTC does not have to read the time of the device', async (t) => {
  const synced = [read(0, 4, 7), ...acknowledged('SYNCRTC', 3), failed('sets-clock')];
  t.same(found(synced, { syncRtc: 'rtc' }), []);
  t.same(found(synced, { syncRtc: 'registers' }), ['sync-without-reading-time']);
});

t.test('finds a command of a sleep that is not read', async (t) => {
  const slept: TraceData = { kind: 'shell', command: 'echo disk >/sys/power/state', status: 0 };
  const reasons = ["no 'ack' in the trace within 10 s"];
  const woken: TraceData = { kind: 'status', value: 7 };
  const down: TraceData = { kind: 'status', value: 0 };
  const up = [down, read(0, 4, 7), write(4, 4, 7), woken];
  t.same(found([...up, sent('REBOOT'), slept, ...up, 3000, read(18, 1, 7)], { reasons }), [
    'command-of-sleep-ignored',
  ]);
  // The virtio core holds back a change while the guest goes to sleep, which takes long on a busy host.
  const asleep = [sent('SYNCRTC'), read(19, 1, 2), 1500, read(18, 1, 7)];
  const heldBack = [...asleep, ...up, read(20, 4, 3), write(20, 4, 3), slept];
  const last = [sent('REBOOT'), read(19, 1, 0), ...up, slept, 3000, read(18, 1, 7)];
  for (const before of [[], [read(20, 4, 0)]])
    t.same(found([...up, ...before, ...heldBack, ...last], { reasons }), ['command-of-sleep-ignored']);
});

t.test(
  'tells a command that is acknowledged again after a sleep from one that is acted on again',
  async (t) => {
    const slept: TraceData = { kind: 'shell', command: 'echo disk >/sys/power/state', status: 0 };
    const down: TraceData = { kind: 'status', value: 0 };
    const woken = [down, read(0, 4, 7), write(4, 4, 7), { kind: 'status', value: 7 } as const];
    const again = check('acts-once', 'acknowledgements of the same REBOOT after the sleep', 'none', '1');
    const asked = (seen: string) => check('acts-once', 'requests to go down after the sleep', 'reboot', seen);
    const stop = [...acknowledged('REBOOT', 2), ...woken, slept, read(20, 4, 2), write(20, 4, 2), again];
    t.same(found([...stop, asked('reboot, reboot')]), ['stop-repeated-after-sleep']);
    const inSleep = [sent('SYNCRTC'), ...woken, read(20, 4, 3), write(20, 4, 3), write(20, 4, 3), slept];
    t.same(found([...stop, asked('reboot'), ...inSleep]), ['acknowledged-twice']);
    const late = [...acknowledged('SYNCRTC', 3), read(20, 4, 0), ...woken, write(20, 4, 3), slept];
    t.same(found([...late, check('acknowledges', 'acknowledgements', '1', '2')]), ['acknowledged-twice']);
  },
);

t.test('tells a clock that nobody adjusts from a wrong moment of the sample', async (t) => {
  const late = (what: string): TraceData => ({
    kind: 'check',
    result: 'not ok',
    requirement: 'shows-drift',
    what: `the guest's time of the sample, by drift_ns, ${what}`,
    expected: 'x',
    seen: 'y',
    numbers: { from: 5_000_000_000n, to: 5_100_000_000n, seen: 4_700_000_000n },
  });
  const slow = late('where the seconds take 2200 ms');
  t.same(found([slow]), ['sample-placed-early']);
  const sample: TraceData = { kind: 'sample', us: 6_000_000n };
  t.same(found([sample, slow, late(fastGuest)]), ['drift-from-raw-clock']);
  const before = late('where the seconds take 2200 ms');
  const numbers = { from: 5_000_000_000n, to: 5_100_000_000n, seen: 3_060_000_000n };
  t.same(found([sample, { ...before, numbers } as TraceData]), ['read-time-in-32-bits']);
});

t.test('finds readings of which only some are in the wrong order', async (t) => {
  const right = [read(24, 4, 1), read(32, 4, 5)];
  const wrong = [read(32, 4, 5), read(24, 4, 1)];
  const clock = failed('sets-clock');
  t.same(found([...right, ...wrong, ...right, ...wrong, clock]), ['microseconds-before-seconds']);
  const early = failed('sets-clock', checkNames.setBeforeSample, 'none', '2031-05-06T07:08:09.000052Z');
  t.same(found([...wrong, ...wrong, early]), ['microseconds-before-seconds'], 'not its consequence');
  t.same(found([...right, ...wrong, ...right, clock]), [], 'one, which may be two single reads');
  t.same(found([...right, read(24, 4, 1), ...wrong, ...wrong, clock]), [], 'a single read');
});

t.test('finds a handler that reads the command before the ISR', async (t) => {
  const up = [read(0, 4, 7), write(4, 4, 7), { kind: 'status', value: 7 } as const];
  const early = [raise, read(20, 4, 2), write(20, 4, 2), read(19, 1, 2)];
  const differs = failed('keeps-transcript', 'accesses in REBOOT', '', '- read isr');
  const sync = [sent('SYNCRTC'), ...early];
  const reboot = [sent('REBOOT'), ...early];
  t.same(found([...up, ...sync, ...reboot, differs]), ['command-read-before-isr']);
  const queue = failed('no-needless-accesses', checkNames.accessesOfQueueInterrupt, 'none', 'read command');
  t.same(found([...up, ...sync, ...reboot, queue]), ['command-read-before-isr'], 'not its consequence');
  const handled = [sent('REBOOT'), raise, read(19, 1, 2), read(20, 4, 2), write(20, 4, 2)];
  t.same(found([...up, ...sync, ...handled, differs]), ['accesses-differ-from-transcript'], 'a poll');
});

t.test('finds a guest time that ends in 2038', async (t) => {
  const shown = (time: string): string =>
    `the driver shows guest time as "${time}", expected seconds.microseconds`;
  t.same(found([], { reasons: [shown('-1868466496.040106')] }), ['guest-time-signed']);
  t.same(found([], { reasons: [shown('x')] }), []);
});

t.test('finds a drift from the clock in TAI', async (t) => {
  const second = 1_000_000_000n;
  const drift = (what: string, seen: bigint): TraceData => ({
    kind: 'check',
    result: 'not ok',
    requirement: 'shows-drift',
    what,
    expected: '5 h',
    seen: '5 h',
    numbers: { from: 100n * second, to: 101n * second, seen },
  });
  const withTai = drift(`${checkNames.driftWithTai} 37 s, of a guest`, 63n * second + 1n);
  t.same(found([withTai]), ['drift-from-tai']);
  t.same(found([drift('drift of a guest', 63n * second), withTai]), [], 'wrong without an offset, too');
});
