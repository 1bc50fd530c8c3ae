// The cases of harness/testing/conformance.ts that device and host can show without QEMU, in every generation
// that they apply to.

import t, { type Test } from 'tap';
import { type Conformance, type ConformanceId, conformance } from '../testing/conformance.js';
import { conformanceAt } from '../testing/conformance-at.js';
import { Vmmci } from '../vmmci/device.js';
import { type Generation, type GenerationName, generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { Host, type Kill } from './host.js';

const SECOND = 1_000_000n;

/**
 * A VM whose guest has a driver with all features, and a host clock that advances only when the test moves
 * it.
 */
const boot = (generation: Generation) => {
  const scheduler = new VirtualScheduler();
  const time = { us: 0x5c7a1b2dn * SECOND + 123_456n };
  const clock = { now: () => time.us, spec: 'by hand' };
  const device = new Vmmci({ generation, clock, scheduler });
  const host = new Host({ device, generation, clock, scheduler });
  const seen = { changes: 0, kills: [] as Kill[] };
  device.onConfigChange(() => {
    seen.changes += 1;
  });
  host.onKill((kill) => seen.kills.push(kill));
  device.setGuestFeatures(7n);
  device.setStatus(7);
  return {
    generation,
    scheduler,
    time,
    device,
    host,
    seen,
    read: (offset: number): number => device.readConfig(offset, 4).readUInt32LE(),
    write: (value: number): void => device.writeConfig(0, Buffer.from([value, 0, 0, 0])),
    bytes: (offset: number, count: number): string =>
      Array.from(
        { length: count },
        (_, at) => device.readConfig(offset + at, 1).toString('hex') || '--',
      ).join(' '),
    timers: () => device.state().timers,
  };
};

type Vm = ReturnType<typeof boot>;

const ackRunning = [{ name: 'ack', remainingMs: 3_000 }];
const long = (generation: Generation): number =>
  ['6.2', '6.4', '6.5'].includes(generation.name) ? 30_000 : 120_000;
const end = (vm: Vm): 'exit' | 'crash' => (vm.generation.name === '7.8' ? 'crash' : 'exit');

/** Checks that the VM ends after exactly so many milliseconds. */
const endsAfter = (t: Test, vm: Vm, ms: number, reason: Kill['reason']): void => {
  vm.scheduler.advance(ms - 1);
  t.same(vm.seen.kills, [], `still there after ${ms - 1} ms`);
  vm.scheduler.advance(1);
  t.same(vm.seen.kills, [{ reason, outcome: end(vm) }], `ended after ${ms} ms`);
};

const cases: Partial<Record<ConformanceId, (t: Test, vm: Vm) => void>> = {
  T13: (t, vm) => {
    t.same([4, 8, 12, 16].map(vm.read), [0x5c7a1b2d, 0, 123_456, 0]);
    vm.time.us = 0x1_0000_0001n * SECOND + 7n; // a second after 2106 wraps
    t.same([4, 8, 12, 16].map(vm.read), [1, 0, 7, 0]);
  },
  T14: (t, { read }) => {
    t.equal(read(12), 0);
  },
  T15: (t, { read, time, scheduler }) => {
    read(4);
    time.us += 2n * SECOND + 1n;
    scheduler.advance(2_000);
    t.same([read(12), read(12)], [123_456, 123_456]);
  },
  T16: (t, { read, time }) => {
    time.us = 1000n * SECOND + 999_999n;
    const seconds = read(4);
    time.us = 1001n * SECOND + 1n;
    t.same([seconds, read(12)], [1000, 999_999]);
  },
  T26: (t, { device, host, seen, timers }) => {
    device.setStatus(3);
    host.stop();
    t.same(seen, { changes: 0, kills: [{ reason: 'no-driver', outcome: 'exit' }] });
    t.same(timers(), []);
  },
  T27: (t, vm) => {
    vm.host.stop();
    t.equal(vm.read(0), 2);
    t.equal(vm.seen.changes, 1);
    endsAfter(t, vm, 3_000, 'ack-timeout');
  },
  T28: (t, vm) => {
    vm.host.stop();
    vm.scheduler.advance(1_000);
    vm.write(2);
    t.equal(vm.read(0), 2);
    endsAfter(t, vm, long(vm.generation), 'graceful-timeout');
  },
  T29: (t, vm) => {
    vm.host.stop();
    vm.scheduler.advance(1_000);
    vm.write(1);
    t.equal(vm.read(0), 2);
    endsAfter(t, vm, 2_000, 'ack-timeout');
  },
  T30: (t, vm) => {
    vm.write(1);
    t.equal(vm.read(0), 0);
    vm.scheduler.advance(2_999);
    vm.device.reset();
    vm.scheduler.advance(10_000);
    t.same(vm.seen.kills, [], 'the reset came in time');
    vm.write(1);
    endsAfter(t, vm, 3_000, 'ack-timeout');
  },
  T31: (t, { host, scheduler, seen, timers, write, generation }) => {
    host.stop();
    write(2);
    scheduler.advance(500);
    t.throws(() => host.stop(), { code: 'STOP_IN_PROGRESS' });
    t.equal(host.command('REBOOT'), 'unchanged');
    t.equal(seen.changes, 1);
    t.same(timers(), [{ name: 'graceful', remainingMs: long(generation) - 500 }]);
  },
  T32: (t, { device, host, write }) => {
    const idle = device.state();
    write(7);
    t.same(device.state(), idle);
    host.stop();
    const pending = device.state();
    write(7);
    t.same(device.state(), pending);
  },
  T33: (t, { read, scheduler, seen, time, timers }) => {
    time.us += 6n * SECOND;
    scheduler.advance(1_000);
    t.equal(read(0), 3);
    t.equal(seen.changes, 1);
    t.same(timers(), []);
  },
  T34: (t, { device, read, scheduler, seen, time }) => {
    device.setGuestFeatures(3n);
    time.us += 6n * SECOND;
    scheduler.advance(5_000);
    t.equal(read(0), 0);
    t.same(seen, { changes: 0, kills: [] });
  },
  T35: (t, { read, scheduler, seen, time }) => {
    for (const seconds of [5n, -60n]) {
      time.us += seconds * SECOND;
      scheduler.advance(5_000);
      t.equal(read(0), 0, `${seconds} s`);
    }
    t.equal(seen.changes, 0);
  },
  T36: (t, { read, scheduler, seen, time }) => {
    for (let jumps = 0; jumps < 3; jumps += 1) {
      time.us += 60n * SECOND;
      scheduler.advance(1_000);
      t.equal(read(0), 3);
    }
    t.equal(seen.changes, 1);
  },
  T37: (t, { host, read, write }) => {
    host.command('SYNCRTC');
    write(3);
    t.equal(read(0), 0);
  },
  T38: (t, vm) => {
    vm.host.stop();
    vm.write(3);
    t.equal(vm.read(0), 0);
    endsAfter(t, vm, 3_000, 'ack-timeout');
  },
  T39: (t, { generation, host, read, scheduler, timers, write }) => {
    host.stop();
    scheduler.advance(3_000); // the timer is gone, the command is not
    t.equal(read(0), 2);
    t.same(timers(), []);
    write(2);
    const starts = ['7.7', '7.8', '7.9', '8.0'].includes(generation.name);
    t.same(timers(), starts ? [{ name: 'graceful', remainingMs: 120_000 }] : []);
  },
  T40: (t, { host, read, scheduler, seen, time }) => {
    scheduler.advance(400);
    host.pause();
    time.us += 10n * SECOND;
    scheduler.advance(10_000);
    t.equal(seen.changes, 0, 'no SYNCRTC during the pause');
    host.unpause();
    scheduler.advance(999);
    t.equal(seen.changes, 0, 'nor immediately afterwards');
    scheduler.advance(1);
    t.equal(read(0), 3);
    scheduler.advance(10_000);
    t.equal(seen.changes, 1);
  },
  T41: (t, vm) => {
    vm.host.stop();
    t.same(vm.timers(), ackRunning);
    vm.host.pause();
    endsAfter(t, vm, 3_000, 'ack-timeout');
  },
  T45: (t, { generation, device, host, seen, write }) => {
    host.stop();
    write(2);
    device.reset();
    t.same(seen.kills, [{ reason: 'guest-exit', outcome: 'exit' }]);
    const unasked = boot(generation);
    unasked.device.reset();
    t.same(unasked.seen.kills, []);
  },
  T46: (t, { host, seen }) => {
    t.equal(host.guestExit('halt'), 'stop');
    t.same(seen.kills, [{ reason: 'guest-exit', outcome: 'exit' }]);
  },
  T47: (t, { read }) => {
    t.same([8, 4, 16, 12].map(read), [0, 0x5c7a1b2d, 0, 123_456]);
    t.same([4, 8, 12, 16].map(read), [0x5c7a1b2d, 0, 123_456, 0]);
  },
};

/** The part of the device in cases that need the function too: ISR, the line, and stale reads. */
const halves: Partial<Record<ConformanceId, (t: Test, vm: Vm) => void>> = {
  T10: (t, { device }) => {
    t.equal(device.hostFeatures, 7);
  },
  T11: (t, { device }) => {
    device.setGuestFeatures(0x80000007n);
    t.equal(device.state().guestFeatures, 0x80000007);
  },
  T12: (t, vm) => {
    vm.host.stop();
    vm.device.setStatus(0);
    t.match(vm.device.state(), { status: 0, guestFeatures: 7, command: 'REBOOT', timers: ackRunning });
    endsAfter(t, vm, 3_000, 'ack-timeout');
  },
  T17: (t, { bytes }) => {
    t.equal(bytes(4, 8), '2d -- -- -- 00 -- -- --');
  },
  T18: (t, { bytes, read }) => {
    read(4);
    t.equal(bytes(12, 8), '40 -- -- -- 00 -- -- --');
  },
  T19: (t, { bytes }) => {
    for (const offset of [1, 3, 5, 0xec, 0xfeb]) t.equal(bytes(offset, 1), '--');
  },
  T22: (t, { bytes, host }) => {
    host.stop();
    t.equal(bytes(0, 4), '02 -- -- --');
  },
};

const check = (id: ConformanceId, what: string, run: (t: Test, vm: Vm) => void): void => {
  const row: Conformance = conformance[id];
  t.test(`${id}${what}: ${row.given}; ${row.when}: ${row.outcome}`, async (t) => {
    for (const name of row.generations) t.test(name, async (t) => run(t, boot(generations[name])));
  });
};

for (const [id, run] of Object.entries(cases)) check(id as ConformanceId, '', run);
for (const [id, run] of Object.entries(halves)) check(id as ConformanceId, ', the device', run);

t.test('the table has 48 cases, each with a tier or the reason why it has none', async (t) => {
  const rows = Object.entries<Conformance>(conformance);
  t.same(
    rows.map(([id]) => id),
    Array.from({ length: 48 }, (_, at) => `T${String(at + 1).padStart(2, '0')}`),
  );
  for (const [id, { tier, reason, scenario, generations: names }] of rows) {
    t.equal(reason !== undefined, tier === 'none', id);
    t.equal(scenario !== undefined, tier === 'guest', id);
    t.ok(names.length > 0 && names.every((name: GenerationName) => name in generations), id);
  }
  t.same(
    Object.keys(cases),
    conformanceAt('unit'),
    'this file has the unit cases of the table and no others',
  );
  t.ok(Object.keys(halves).every((id) => conformance[id as ConformanceId].tier === 'qtest'));
});
