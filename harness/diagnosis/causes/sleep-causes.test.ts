import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed as failedCheck, found, read, write } from '../../testing/cause-events.js';
import { checkNames } from '../check-names.js';

const failed = (what: string, expected: string, seen: string): TraceData =>
  failedCheck('restores-after-sleep', what, expected, seen);
const poll = read(20, 4, 0);
const freeze = read(18, 1, 7);
const wake = read(0, 4, 7);
const up: readonly TraceData[] = [
  read(0, 4, 7),
  write(18, 1, 3),
  write(4, 4, 7),
  { kind: 'features', value: 7 },
  write(18, 1, 7),
  { kind: 'status', value: 7 },
  poll,
];
const slept: TraceData = { kind: 'shell', command: 'echo disk >/sys/power/state', status: 0 };
const accessed = failed(checkNames.accessesInSleep, '0', '3');

t.test('tells polls from a reset while the guest goes to sleep', async (t) => {
  t.same(found([...up, freeze, poll, poll, wake, accessed]), ['looks-in-sleep']);
  const down: TraceData = { kind: 'status', value: 0 };
  const reset = [write(18, 1, 0), down, write(4, 4, 0), read(19, 1, 0)];
  t.same(found([...up, freeze, ...reset, ...up, accessed]), ['reset-in-freeze']);
});

t.test('finds a virtio device that is not frozen', async (t) => {
  t.same(found([...up, wake, failed(checkNames.frozenDevice, 'a read', 'frozen none, woken none')]), [
    'virtio-device-not-frozen',
  ]);
});

t.test('finds a driver that stays asleep if the device has kept its registers', async (t) => {
  const reasons = ["no 'bar-read' in the trace, 3 times within 10 s"];
  const last: TraceData = { kind: 'console', line: 'x' };
  t.same(found([...up, freeze, wake, freeze, 4000, slept, last], { reasons }), [
    'not-restored-if-state-kept',
  ]);
  t.same(found([...up, freeze, wake, write(18, 1, 0), 4000, slept, last], { reasons }), []);
});

t.test('a sleep that the driver refuses', async (t) => {
  const line = (step: string, error: number): string[] =>
    found([], {
      dmesg: [`virtio-pci-x 0000:00:05.0: PM: pci_pm_${step}(): x_${step} [x] returns ${error}`],
    });
  t.same(line('suspend', -16), ['sleep-refused']);
  t.same(line('freeze', -16), ['sleep-refused']);
  t.same(line('resume', -19), [], 'it has slept');
});

t.test('polls that a sleep has ended although they were off', async (t) => {
  const silent = up.slice(0, -1);
  const asleep: TraceData = { kind: 'qmp-event', event: 'SUSPEND', data: '{}' };
  const on: TraceData = {
    kind: 'shell',
    command: 'echo 20 >/sys/module/x/parameters/poll_ms',
    status: 0,
  };
  const woken: readonly TraceData[] = [asleep, { kind: 'status', value: 7 }];
  const reasons = ["no 'bar-read' in the trace, 3 times within 51.9 s; CPU 0 idle"];
  const unmet = failed('anything', 'a', 'b');
  const ends: TraceData = { kind: 'qemu-exit', how: 'killed by the harness' };
  const material = { reasons, pollParameter: 'poll_ms' };
  t.same(found([...silent, ...woken, on, 20_000, ends, unmet], material), [
    'polling-not-restarted-after-sleep',
  ]);
  t.same(found([...silent, ...woken, on, poll, poll, poll, 20_000, ends, unmet], material), []);
  const another = { reasons, pollParameter: 'other_ms' };
  t.same(
    found([...silent, ...woken, on, 20_000, ends, unmet], another),
    [],
    'it is not the interval of polls',
  );
});

t.test('a resume that fails with another error than ENODEV', async (t) => {
  const ends = (seen: string) =>
    found([failedCheck('refuses-absent-device', 'errors of the resume', '-19', seen)]);
  t.same(ends('19'), ['resume-error-wrong']);
  t.same(ends('-5'), ['resume-error-wrong']);
  t.same(ends('none'), []);
});

t.test('finds a driver that needs the time to wake up', async (t) => {
  const withTime: TraceData = {
    kind: 'check',
    result: 'ok',
    requirement: 'restores-after-sleep',
    what: 'error of a resume from disk',
  };
  const without = failed(checkNames.resumeWithoutTime, '0', '-61');
  t.same(found([withTime, without]), ['waking-needs-time']);
  t.same(found([without]), [], 'it may not wake up at all');
});
