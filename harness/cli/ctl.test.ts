import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { noTrace, Trace } from '../base/trace.js';
import { captured } from '../testing/captured.js';
import { controlMethods } from '../vmd/control-methods.js';
import { serveControl } from '../vmd/control-server.js';
import { Host } from '../vmd/host.js';
import { clockHolder, frozen } from '../vmmci/clock.js';
import { Vmmci } from '../vmmci/device.js';
import { generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { runCommand } from './command.js';

/** A control socket for a device whose driver is up. */
const daemon = async (t: Test) => {
  const directory = temporaryDirectory().path;
  const clock = clockHolder(frozen(0n));
  const shared = { generation: generations['8.0'], clock, scheduler: new VirtualScheduler(), trace: noTrace };
  const device = new Vmmci(shared);
  const host = new Host({ ...shared, device });
  const trace = new Trace();
  device.driverUp();
  const methods = controlMethods({ device, host, clock, trace, hostNow: () => 0n });
  const server = await serveControl(join(directory, 'control'), methods);
  t.teardown(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });
  return { path: server.path, device, host, trace, clock, time: shared.scheduler };
};

const ctl = (t: Test, args: readonly string[]) => captured(t, () => runCommand(['ctl', ...args]));

t.test('each action reaches the device', async (t) => {
  const { path, device, clock } = await daemon(t);
  const ask = async (...args: string[]): Promise<unknown> => {
    const { status, out, err } = await ctl(t, ['--control', path, ...args]);
    t.same([status, err], [0, ''], args.join(' '));
    return JSON.parse(out) as unknown;
  };
  t.match(await ask('state'), { command: 'NONE', status: 4 });
  t.same(await ask('command', 'SHUTDOWN'), { result: 'sent' });
  t.equal(device.state().command, 'SHUTDOWN');
  t.same(await ask('stop'), { result: 'sent' });
  t.equal(device.state().command, 'REBOOT');
  t.same(await ask('stop', '--force'), { result: 'killed' });
  t.match(await ask('pause'), { paused: true });
  t.match(await ask('unpause'), { paused: false });
  t.same(await ask('clock', 'frozen:2038-01-19T03:14:08Z'), { clock: 'frozen:2038-01-19T03:14:08.000000Z' });
  t.equal(clock.now(), 0x80000000n * 1_000_000n);
});

t.test('stop-service stops the guest and ends it 30 s later', async (t) => {
  const { path, device, host, time } = await daemon(t);
  const kills: unknown[] = [];
  host.onKill((kill) => kills.push(kill));
  const { status, out, err } = await ctl(t, ['--control', path, 'stop-service']);
  t.same([status, JSON.parse(out), err], [0, { result: 'sent' }, '']);
  t.equal(device.state().command, 'REBOOT');
  device.writeConfig(0, Buffer.from([2, 0, 0, 0]));
  time.advance(29_999);
  t.same(kills, []);
  time.advance(1);
  t.same(kills, [{ reason: 'service-timeout', outcome: 'terminate' }]);
});

t.test('trace prints all events, one per line', async (t) => {
  const { path, trace } = await daemon(t);
  for (let value = 0; value < 10_001; value += 1) trace.sink({ kind: 'status', value });
  const { status, out } = await ctl(t, ['trace', '--control', path]);
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; value: number });
  t.equal(status, 0);
  t.equal(events.length, 10_001);
  t.ok(events.every(({ seq, value }, at) => seq === at && value === at));
});

t.test('errors of the daemon and of the connection exit with status 2', async (t) => {
  const { path } = await daemon(t);
  await ctl(t, ['--control', path, 'stop']);
  t.match(await ctl(t, ['--control', path, 'stop']), {
    status: 2,
    out: '',
    err: /already in progress.*STOP_IN_PROGRESS/,
  });
  t.match(await ctl(t, ['--control', `${path}-not`, 'state']), {
    status: 2,
    err: /no daemon answers on control socket.*ENOENT/,
  });
});

for (const [args, message] of [
  [[], /state[\s\S]*stop[\s\S]*trace/],
  [['reboot'], /unknown command 'reboot'/],
  [['toString'], /unknown command 'toString'/],
  [['state'], /option '--control <PATH>' is missing/],
  [['state', '--control'], /option '--control <PATH>' argument missing/],
  [['state', '--verbose'], /unknown option '--verbose'/],
  [['stop', '--force=yes'], /unknown option '--force=yes'/],
  [['state', '--force'], /unknown option '--force'/],
  [['state', 'now'], /unexpected argument 'now'/],
  [['command'], /missing required argument 'NAME'/],
  [['command', 'reboot'], /'reboot' is invalid.*SHUTDOWN, REBOOT, SYNCRTC/],
  [['command', 'REBOOT', 'NOW'], /unexpected argument 'NOW'/],
  [['clock'], /missing required argument 'SPEC'/],
  [['--control', 'c', 'clock', 'noon'], /clock: 'noon' is not a clock; valid: frozen:YYYY/],
  [['fault'], /missing required argument 'PLAN'/],
  [
    ['--control', 'c', 'fault', '/nonexistent/plan'],
    /\/nonexistent\/plan: cannot be read \(ENOENT\); valid:/,
  ],
  [['--control', 'c', 'fault', '{"faults":'], /fault plan: .*JSON.*; valid: a JSON file/],
  [['--control', 'c', 'fault', '{"faults":[{"kind":"late"}]}'], /faults\[0\]\.kind: expected one of delay, /],
] as const) {
  t.test(`exits 2 for: ${args.join(' ')}`, async (t) => {
    t.match(await ctl(t, args), { status: 2, out: '', err: message });
  });
}

t.test('--help lists all actions', async (t) => {
  const { status, out } = await ctl(t, ['--help']);
  t.equal(status, 0);
  for (const action of [
    'state',
    'stop',
    'stop-service',
    'command',
    'clock',
    'pause',
    'unpause',
    'fault',
    'trace',
  ])
    t.match(out, action);
});
