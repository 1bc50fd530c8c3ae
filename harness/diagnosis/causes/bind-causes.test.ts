import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, found, loaded, read, send, status, suspend, up, write } from '../../testing/cause-events.js';
import { checkNames } from '../check-names.js';

const gone: TraceData = { kind: 'bar-read', offset: 0, width: 4, value: 0xffffffff, absent: true };
const reset: TraceData = { kind: 'reset' };
const unreported = failed('restores-after-sleep', checkNames.resumeError, 'in the kernel log', 'none');

t.test('tells a function without a driver from a virtio device without one', async (t) => {
  const noDriver = ['no driver of the second function within 10 s; CPU 0 idle'];
  t.same(found([loaded], { reasons: noDriver }), ['function-not-bound']);
  const acknowledged = write(18, 1, 1);
  t.same(found([acknowledged, loaded], { reasons: noDriver }), ['virtio-device-not-bound']);
  t.same(
    found([acknowledged, loaded], { reasons: noDriver, hasVirtioDriver: false }),
    [],
    'there is to be none',
  );
  const negotiated: readonly TraceData[] = [
    { kind: 'bar-write', offset: 18, width: 1, value: 0 },
    { kind: 'bar-read', offset: 0, width: 4, value: 7 },
    { kind: 'bar-write', offset: 4, width: 4, value: 7 },
    loaded,
  ];
  t.same(found(negotiated, { reasons: ["no 'status' in the trace within 10 s"] }), ['status-not-written']);
  const slept: readonly TraceData[] = [loaded, suspend, reset];
  t.same(found([...slept, 1000, unreported]), ['function-not-bound'], 'nothing was there to restore');
  const unread = failed('shows-host-time', 'host time', '1', 'none');
  t.same(found([gone, loaded, unread]), [], 'the device was absent');
  t.same(found([loaded, gone, unread]), ['function-not-bound'], 'it was absent only later');
});

t.test('finds a transport that does not pass the offer on', async (t) => {
  const reasons = [
    'in the guest, `read-files x/host_time` exited with status 1: x/host_time: No data available',
  ];
  const negotiates = (offered: number, accepted: number): TraceData[] => [
    read(0, 4, offered),
    write(4, 4, accepted),
    loaded,
  ];
  t.same(found(negotiates(7, 0), { reasons }), ['offer-not-passed-on']);
  t.notOk(found(negotiates(6, 0), { reasons }).includes('offer-not-passed-on'), 'no time is offered');
  t.notOk(found(negotiates(7, 6), { reasons }).includes('offer-not-passed-on'), 'others are accepted');
});

t.test('finds a driver that is ready before it has read the command', async (t) => {
  const probe = [read(0, 4, 7), status(3), write(4, 4, 7)];
  const late = [status(7), send('REBOOT'), read(19, 1, 2), read(20, 4, 2), read(20, 4, 2)];
  const dmesg = ['vmmci virtio2: ignoring command 0x2, which was sent before this driver was bound'];
  t.same(found([...probe, ...late], { dmesg }), ['driver-ok-before-first-read']);
  t.same(found([...probe, read(20, 4, 0), ...late], { dmesg }), [], 'it has read before');
  t.same(found([...probe, ...late]), [], 'nothing says that it takes the command for old');
  t.same(found([...probe, ...late, write(20, 4, 2)], { dmesg }), [], 'acknowledged');
  const refused: TraceData = {
    kind: 'check',
    result: 'ok',
    requirement: 'refuses-absent-device',
    what: 'devices bound to x where the command reads as all ones',
  };
  const set = failed('refuses-absent-device', 'DRIVER_OK', 'not set', 'set');
  const ones = read(20, 4, 0xffffffff);
  t.same(found([...probe, status(7), ones, status(0x87), refused, set]), ['driver-ok-before-first-read']);
});

t.test('finds causes in commands that failed in the guest', async (t) => {
  const missing =
    "in the guest, `stat -c %a /sys/bus/pci/devices/0000:00:05.0/virtio*/guest_time` exited with status 1: stat: can't stat: No such file or directory";
  t.same(found(up, { reasons: [missing] }), ['attribute-missing']);
  t.same(found([loaded], { reasons: [missing] }), ['function-not-bound']);
  const elsewhere =
    'in the guest, `read-files /sys/bus/pci/devices/0000:00:05.0/virtio*/vendor` exited with status 1: read-files: /sys/bus/pci/devices/0000:00:05.0/virtio*: No such file or directory';
  t.same(found(up, { reasons: [elsewhere] }), ['virtio-device-elsewhere']);
  t.same(found([...up, { kind: 'status', value: 0 }], { reasons: [elsewhere] }), []);
  const kept = 'in the guest, `unload b a` exited with status 1: b: Resource temporarily unavailable';
  t.same(found([], { reasons: [kept] }), ['module-reference-kept']);
  t.same(found([], { reasons: ['in the guest, `unload b a` exited with status 1: no such module'] }), []);
  const command = 'load a b poll_ms=4294967295';
  const narrow = `in the guest, \`${command}\` exited with status 1: load: b: Result not representable`;
  t.same(found([{ kind: 'shell', command, status: 1 }], { reasons: [narrow], pollParameter: 'poll_ms' }), [
    'parameter-type-too-narrow',
  ]);
});
