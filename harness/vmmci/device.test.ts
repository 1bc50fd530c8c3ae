import t from 'tap';
import type { TraceData } from '../base/trace.js';
import { frozen, inTurn } from './clock.js';
import { type Expiry, Vmmci } from './device.js';
import { type GenerationName, generations } from './generations.js';
import { VirtualScheduler } from './scheduler.js';

const now = 0x5c7a1b2dn * 1_000_000n + 123_456n;

const make = ({ name = '8.0' as GenerationName, clock = frozen(now), up = true } = {}) => {
  const scheduler = new VirtualScheduler();
  const trace: TraceData[] = [];
  const device = new Vmmci({
    generation: generations[name],
    clock,
    scheduler,
    trace: (event) => trace.push(event),
  });
  const expiries: Expiry[] = [];
  device.onExpiry((expiry) => expiries.push(expiry));
  if (up) device.driverUp();
  trace.length = 0;
  return { device, scheduler, trace, expiries };
};

const ack = (device: Vmmci, value: number): void => device.writeConfig(0, Buffer.from([value, 0, 0, 0]));

t.test('a block read returns consecutive registers, and nothing if it extends beyond the last', async (t) => {
  const { device, trace } = make();
  device.command('REBOOT');
  trace.length = 0;
  t.equal(
    device.readConfig(0, 20).toString('hex'),
    '02000000' + '2d1b7a5c' + '00000000' + '40e20100' + '00000000',
  );
  t.same(trace, [{ kind: 'sample', us: now }], 'one sample');
  for (const [offset, size] of [
    [0, 21],
    [4, 17],
    [16, 5],
  ] as const)
    t.equal(device.readConfig(offset, size).length, 0, `${size} bytes at ${offset}`);
  t.equal(trace.length, 1, 'these reads take no sample');
});

t.test('a short read returns the low bytes of the register', async (t) => {
  const { device } = make();
  t.equal(device.readConfig(4, 1).toString('hex'), '2d');
  t.equal(device.readConfig(4, 2).toString('hex'), '2d1b');
  t.equal(device.readConfig(4, 3).toString('hex'), '2d1b7a');
  t.equal(device.readConfig(12, 6).toString('hex'), '40e201000000');
});

t.test('a read where no register starts returns nothing and has no side effect', async (t) => {
  const { device, trace } = make();
  for (const offset of [-1, 1, 2, 3, 5, 6, 7, 9, 13, 17, 18, 19, 20, 24, 255, 4096]) {
    for (const size of [1, 2, 4, 8])
      t.equal(device.readConfig(offset, size).length, 0, `+${offset} (${size})`);
  }
  t.same(trace, []);
});

t.test('a block read that starts after the seconds takes no sample', async (t) => {
  const { device, trace } = make({ clock: inTurn([now, now + 5_000_007n]) });
  device.readConfig(4, 4);
  trace.length = 0;
  t.equal(device.readConfig(8, 8).toString('hex'), '00000000' + '40e20100');
  t.same(trace, []);
});

t.test('only a write at offset 0 acknowledges; it is zero-extended, or written dword by dword', async (t) => {
  for (const data of ['02', '0200', '02000000', '020000000300000001000000']) {
    const { device, trace } = make();
    device.command('REBOOT');
    trace.length = 0;
    device.writeConfig(0, Buffer.from(data, 'hex'));
    t.match(trace[0], { kind: 'ack', value: 2, effect: 'graceful' }, data);
    t.equal(device.state().acks, 1);
  }
  const { device, trace } = make();
  device.command('REBOOT');
  trace.length = 0;
  for (const offset of [1, 2, 4, 8, 12, 16, 20]) device.writeConfig(offset, Buffer.from('02000000', 'hex'));
  device.writeConfig(0, Buffer.alloc(0));
  t.same(trace, []);
  device.writeConfig(0, Buffer.from('ffffffff', 'hex'));
  t.same(trace, [{ kind: 'ack', value: 0xffffffff, effect: 'illegal' }]);
});

t.test('a request signals one config change', async (t) => {
  const { device, trace } = make();
  let changes = 0;
  const end = device.onConfigChange(() => {
    changes += 1;
  });
  t.equal(device.command('REBOOT'), 'sent');
  t.equal(device.command('REBOOT'), 'unchanged');
  t.equal(device.command('SYNCRTC'), 'not-negotiated');
  t.equal(changes, 1);
  end();
  device.setGuestFeatures(4n);
  t.equal(device.command('SYNCRTC'), 'sent');
  t.equal(changes, 1, 'the listener was removed');
  t.match(device.state(), { command: 'SYNCRTC', configChanges: 2 });
  t.same(
    trace.map((event) => [
      event.kind,
      event.kind === 'command' ? event.result : event.kind === 'timer' ? event.event : undefined,
    ]),
    [
      ['command', 'sent'],
      ['timer', 'started'],
      ['command', 'unchanged'],
      ['command', 'not-negotiated'],
      ['features', undefined],
      ['command', 'sent'],
    ],
  );
});

t.test('without a driver no request is stored', async (t) => {
  const { device, scheduler } = make({ up: false });
  for (const name of ['REBOOT', 'SHUTDOWN', 'SYNCRTC'] as const) t.equal(device.command(name), 'no-driver');
  device.setStatus(0xfb);
  t.equal(device.command('REBOOT'), 'no-driver', 'all bits but DRIVER_OK');
  t.match(device.state(), { command: 'NONE', configChanges: 0, timers: [] });
  t.equal(scheduler.pending, 0);
  device.driverUp();
  t.equal(device.state().status, 0xff);
  device.driverUp(false);
  t.equal(device.state().status, 0xfb);
});

t.test('another shutdown request overwrites the first and restarts the ack timer', async (t) => {
  const { device, scheduler, expiries } = make();
  device.command('REBOOT');
  ack(device, 2);
  t.same(device.state().timers, [{ name: 'graceful', remainingMs: 120_000 }]);
  device.command('SHUTDOWN');
  t.same(device.state().timers, [{ name: 'ack', remainingMs: 3_000 }]);
  scheduler.advance(3_000);
  t.same(expiries, [{ timer: 'ack', request: 'SHUTDOWN', outcome: 'exit' }]);
});

t.test('SYNCRTC overwrites a stop, whose timer goes on', async (t) => {
  const { device, scheduler, expiries } = make();
  device.setGuestFeatures(7n);
  device.command('REBOOT');
  scheduler.advance(1_000);
  t.equal(device.command('SYNCRTC'), 'sent');
  t.same(device.state().timers, [{ name: 'ack', remainingMs: 2_000 }]);
  ack(device, 2);
  t.same(
    device.state().timers,
    [{ name: 'ack', remainingMs: 2_000 }],
    'an ack of the old command is a mismatch',
  );
  scheduler.advance(2_000);
  t.same(expiries, [{ timer: 'ack', request: 'SHUTDOWN', outcome: 'exit' }]);
});

t.test('each ack of the same request restarts the graceful timer', async (t) => {
  const { device, scheduler, trace } = make();
  device.command('REBOOT');
  ack(device, 2);
  scheduler.advance(100_000);
  ack(device, 2);
  scheduler.advance(100_000);
  t.same(device.state().timers, [{ name: 'graceful', remainingMs: 20_000 }]);
  t.same(
    trace.filter((event) => event.kind === 'timer').map(({ name, event, ms }) => [name, event, ms]),
    [
      ['ack', 'started', 3_000],
      ['graceful', 'restarted', 120_000],
      ['graceful', 'restarted', 120_000],
    ],
  );
});

t.test('guest features and status are stored unmasked', async (t) => {
  const { device, trace } = make({ up: false });
  device.setGuestFeatures(0xf_8000_0007n);
  device.setStatus(0x1ff);
  t.match(device.state(), { guestFeatures: 0x80000007, status: 0xff, hostFeatures: 7 });
  t.same(trace, [
    { kind: 'features', value: 0x80000007 },
    { kind: 'status', value: 0xff },
  ]);
});

t.test('a reset restores the state after a cold start', async (t) => {
  const { device, scheduler, expiries } = make();
  const cold = make({ up: false }).device.state();
  device.setGuestFeatures(7n);
  device.readConfig(4, 4);
  device.command('REBOOT');
  ack(device, 2);
  device.reset();
  t.same(device.state(), cold);
  t.equal(device.readConfig(12, 4).readUInt32LE(), 0, 'the sample is reset too');
  scheduler.advance(500_000);
  t.same(expiries, []);
});

t.test('the outcome of an expiry depends on the generation', async (t) => {
  for (const [name, outcome] of [
    ['7.7', 'exit'],
    ['7.8', 'crash'],
    ['7.9', 'exit'],
  ] as const) {
    const { device, scheduler, expiries, trace } = make({ name });
    device.command('REBOOT');
    scheduler.advance(2_999);
    t.same(expiries, []);
    scheduler.advance(1);
    t.same(expiries, [{ timer: 'ack', request: 'REBOOT', outcome }]);
    t.match(trace.at(-1), { kind: 'timer', name: 'ack', event: 'expired' });
    t.same(device.state().timers, []);
  }
});
