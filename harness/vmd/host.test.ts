import t from 'tap';
import type { TraceData } from '../base/trace.js';
import { frozen } from '../vmmci/clock.js';
import { Vmmci } from '../vmmci/device.js';
import { type GenerationName, generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { Host, type Kill } from './host.js';

const make = ({ name = '8.0' as GenerationName, up = true } = {}) => {
  const scheduler = new VirtualScheduler();
  const trace: TraceData[] = [];
  const shared = { generation: generations[name], scheduler, trace: (event: TraceData) => trace.push(event) };
  const clock = frozen(1_800_000_000_000_000n);
  const device = new Vmmci({ ...shared, clock });
  const host = new Host({ ...shared, device, clock });
  const kills: Kill[] = [];
  host.onKill((kill) => kills.push(kill));
  if (up) device.driverUp();
  return { scheduler, trace, device, host, kills };
};

const inProgress = { code: 'STOP_IN_PROGRESS', message: /already in progress/ };

t.test('a second stop is refused and sends no command', async (t) => {
  const { device, host } = make();
  t.equal(host.stop(), 'sent');
  t.throws(() => host.stop(), inProgress);
  t.throws(() => host.stop({ force: false }), inProgress);
  t.equal(device.state().configChanges, 1);
  t.match(host.state(), { stopping: true, kill: null });
});

t.test('a stop while the same command is pending sends no other', async (t) => {
  const { device, host } = make();
  t.equal(host.command('REBOOT'), 'sent');
  t.equal(host.state().stopping, false, 'a command alone is not a stop');
  t.equal(host.stop(), 'unchanged');
  t.equal(device.state().configChanges, 1);
});

t.test('without a driver a stop ends the VM at once, a SYNCRTC does not', async (t) => {
  const { host, kills } = make({ up: false });
  t.equal(host.command('SYNCRTC'), 'no-driver');
  t.same(kills, []);
  t.equal(host.stop(), 'killed');
  t.equal(host.command('SHUTDOWN'), 'no-driver');
  const kill = { reason: 'no-driver', outcome: 'exit' };
  t.same(kills, [kill, kill]);
});

t.test('stopService kills the VM after 30 s, although the timer of the device has 120 s', async (t) => {
  const { device, host, kills, scheduler } = make();
  t.equal(host.stopService(), 'sent');
  t.throws(() => host.stopService(), inProgress);
  device.writeConfig(0, Buffer.from([2, 0, 0, 0]));
  scheduler.advance(29_999);
  t.same(kills, []);
  scheduler.advance(1);
  t.same(kills, [{ reason: 'service-timeout', outcome: 'terminate' }]);
});

t.test('stopService leaves no timer after the guest has ended', async (t) => {
  const { host, kills, scheduler } = make();
  host.stopService();
  host.guestExit('poweroff');
  scheduler.advance(30_000);
  t.same(
    kills.filter(({ reason }) => reason === 'service-timeout'),
    [],
  );
  const absent = make({ up: false });
  t.equal(absent.host.stopService(), 'killed');
  absent.scheduler.advance(30_000);
  t.same(absent.kills, [{ reason: 'no-driver', outcome: 'exit' }]);
});

t.test('a forced stop terminates the VM at once until 7.9, also during a stop', async (t) => {
  const { device, host, kills, scheduler } = make({ name: '7.9' });
  host.stop();
  t.equal(host.stop({ force: true }), 'killed');
  t.same(kills, [{ reason: 'forced-stop', outcome: 'terminate' }]);
  t.equal(device.state().configChanges, 1, 'a forced stop sends no command');
  scheduler.advance(2_999);
  t.equal(kills.length, 1);
});

t.test('a forced stop in 8.0 is SIGTERM, and SIGKILL after 10 s', async (t) => {
  const { device, host, kills, scheduler } = make();
  t.equal(host.stop({ force: true }), 'killed');
  t.throws(() => host.stop({ force: true }), inProgress);
  t.throws(() => host.stop(), inProgress);
  t.equal(device.state().command, 'NONE');
  scheduler.advance(9_999);
  t.same(kills, [{ reason: 'forced-stop', outcome: 'SIGTERM' }]);
  scheduler.advance(1);
  t.same(kills.at(-1), { reason: 'forced-stop', outcome: 'SIGKILL' });
  t.equal(kills.length, 2);
});

t.test('a VM that ends after SIGTERM gets no SIGKILL', async (t) => {
  const { host, kills, scheduler } = make();
  host.onKill(() => host.close());
  host.stop({ force: true });
  t.equal(scheduler.pending, 0);
  scheduler.advance(20_000);
  t.equal(kills.length, 1);
});

t.test('each timer has its own reason', async (t) => {
  const { device, host, kills, scheduler } = make({ name: '7.8' });
  host.stop();
  scheduler.advance(3_000);
  t.same(kills.at(-1), { reason: 'ack-timeout', outcome: 'crash' });
  device.writeConfig(0, Buffer.from('02000000', 'hex')); // 7.8 starts the long timer all the same
  scheduler.advance(120_000);
  t.same(kills.at(-1), { reason: 'graceful-timeout', outcome: 'crash' });
  t.same(host.state().kill, kills.at(-1));
});

t.test('the trace has a kill after the event that caused it', async (t) => {
  const { host, scheduler, trace } = make();
  trace.length = 0;
  host.stop();
  scheduler.advance(3_000);
  t.same(
    trace.map(({ kind }) => kind),
    ['stop', 'command', 'timer', 'timer', 'kill'],
  );
  t.same(trace.at(-1), { kind: 'kill', reason: 'ack-timeout', outcome: 'exit' });
});

t.test('a guest that ends by itself is restarted or not', async (t) => {
  const { host, kills, trace } = make();
  t.equal(host.guestExit('reset'), 'restart');
  t.same(kills, []);
  t.same(trace.at(-1), { kind: 'guest-exit', exit: 'reset', aftermath: 'restart' });
  t.equal(host.guestExit('poweroff'), 'stop');
  t.same(kills, [{ reason: 'guest-exit', outcome: 'exit' }]);
});

t.test('the state shows a pause', async (t) => {
  const { host, scheduler } = make();
  host.pause();
  t.equal(host.state().paused, true);
  t.equal(scheduler.pending, 0);
  host.unpause();
  t.equal(host.state().paused, false);
  t.equal(scheduler.pending, 1);
});

t.test('after a reset there is a new VM', async (t) => {
  const { device, host, kills, scheduler } = make();
  const fresh = make().host.state();
  host.pause();
  host.stop({ force: true });
  host.reset();
  t.same(host.state(), fresh);
  scheduler.advance(200_000);
  t.equal(kills.length, 1, 'the earlier SIGTERM, and no SIGKILL');
  t.equal(host.stop(), 'sent');
  t.equal(device.state().command, 'REBOOT');
});

t.test('after a stop a machine reset ends the VM, and the next one starts a new VM', async (t) => {
  const { device, host, kills, scheduler } = make();
  const fresh = host.state();
  host.pause();
  device.reset();
  t.same(host.state(), fresh, 'no stop is in progress');
  device.driverUp();
  host.stop();
  device.reset();
  t.same(kills, [{ reason: 'guest-exit', outcome: 'exit' }]);
  device.reset();
  t.same(host.state(), fresh);
  t.equal(kills.length, 1, 'an ended VM does not end again');
  t.equal(scheduler.pending, 1, 'only the watch');
});

t.test('a machine reset between SIGTERM and SIGKILL does not prevent SIGKILL', async (t) => {
  const { device, host, kills, scheduler } = make();
  host.stop({ force: true });
  device.reset();
  scheduler.advance(10_000);
  t.same(
    kills.map(({ outcome }) => outcome),
    ['SIGTERM', 'exit', 'SIGKILL'],
  );
});

t.test('close leaves no timer and no listener', async (t) => {
  const { device, host, kills, scheduler } = make();
  host.stop();
  host.close();
  scheduler.advance(3_000);
  device.reset();
  t.match(device.state(), { timers: [] });
  t.same(kills, []);
  t.equal(scheduler.pending, 0);
});
