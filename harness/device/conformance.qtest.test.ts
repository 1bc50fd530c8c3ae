// The cases of harness/vmmci/conformance.ts that take QEMU: through both sockets and its own PCI, with no
// guest.

import t, { type Test } from 'tap';
import { type Bench, withBench } from '../testing/qtest-bench.js';
import { functionLine, startQtestMachine } from '../testing/qtest-machine.js';
import { type Conformance, type ConformanceId, conformance, conformanceAt } from '../vmmci/conformance.js';

const ones = 0xffff_ffff;
const isr = 19;
const command = 20;

/** Where in BAR0 an offset of the config area is. */
const config = (offset: number): number => command + offset;

/** A driver is up, the host has sent a stop, and QEMU holds the line high. */
const stopped = async (bench: Bench): Promise<void> => {
  await bench.bringUp();
  bench.device.host.stop();
  await bench.raised();
};

const cases: Partial<Record<ConformanceId, (t: Test, bench: Bench) => Promise<void>>> = {
  T01: async (t, { machine }) => {
    t.equal(await machine.readConfig(0x00, 4), 0x07770b5d);
    t.equal(await machine.readConfig(0x08, 4), 0x07800000);
    t.equal(await machine.readConfig(0x2c, 4), 0xffff0b5d);
  },
  T02: async (t, { machine }) => {
    t.equal(await machine.readConfig(0x34, 1), 0);
    t.equal((await machine.readConfig(0x06, 2)) & 0x10, 0);
    t.equal(await machine.readConfig(0x3d, 1), 1);
  },
  T04: async (t, { machine }) => {
    for (const bar of [0x10, 0x14]) await machine.writeConfig(bar, 4, ones);
    t.equal(await machine.readConfig(0x10, 4), 0xfffff001);
    t.equal(await machine.readConfig(0x14, 4), 0);
  },
  T05: async (t, { machine, qtest, read }) => {
    t.equal(await read(0), 7, 'where it was');
    await machine.writeConfig(0x10, 4, 0xc000);
    t.equal(await qtest.in(0xc000, 4), 7);
    t.equal(await read(0), ones);
  },
  T07: async (t, { machine }) => {
    t.equal(await machine.readConfig(0x0c, 4), 0);
    await machine.writeConfig(0x0d, 1, 0x40);
    t.equal(await machine.readConfig(0x0c, 4), 0x40, 'all of it, since 6.2 reads single bytes wrongly');
  },
  T08: async (t, { machine }) => {
    t.equal(await machine.readConfig(0x0c, 4), 0);
    await machine.writeConfig(0x0d, 1, 0x40);
    t.equal(await machine.readConfig(0x0c, 4), 0x4000);
  },
  T10: async (t, { read }) => {
    t.equal(await read(0, 4), 7);
    t.equal(await read(12, 2), 0);
  },
  T11: async (t, { read, write }) => {
    await write(4, 4, 0x80000007);
    t.equal(await read(4), 0x80000007);
  },
  T12: async (t, bench) => {
    const { device, kills, read, scheduler, write } = bench;
    await stopped(bench);
    await write(18, 1, 0);
    t.equal(await read(18, 1), 0);
    t.equal(await read(4), 7);
    t.equal(await read(isr, 1), 2);
    t.equal(await read(command), 2);
    scheduler.advance(2_999);
    t.same(device.vmmci.state().timers, [{ name: 'ack', remainingMs: 1 }]);
    t.same(kills, []);
    scheduler.advance(1);
    t.match(kills, [{ reason: 'ack-timeout' }]);
  },
  T17: async (t, { bytes }) => {
    t.equal(await bytes(config(4), 8), '2d 2d 2d 2d 00 00 00 00');
  },
  T18: async (t, { bytes, read }) => {
    await read(config(4));
    t.equal(await bytes(config(12), 8), '40 40 40 40 00 00 00 00');
  },
  T19: async (t, { read, write }) => {
    await write(8, 4, 0x5a5a5aa5);
    t.equal(await read(8, 1), 0xa5, 'AL');
    for (const offset of [config(5), 21, 23, 0x100, 0xfff]) t.equal(await read(offset, 1), 0xa5, `${offset}`);
  },
  T21: async (t, bench) => {
    await stopped(bench);
    t.equal(await bench.read(16, 4), 0);
    t.equal(await bench.read(isr, 1), 2);
  },
  T22: async (t, bench) => {
    await stopped(bench);
    t.equal(await bench.bytes(command, 4), '02 02 02 02');
  },
  T23: async (t, bench) => {
    await stopped(bench);
    t.equal(await bench.read(isr, 1), 2);
    t.equal(await bench.read(isr, 1), 0);
  },
  T24: async (t, bench) => {
    const { device, line, pic, quiet, read } = bench;
    await pic.start([functionLine]);
    await pic.unmask(functionLine);
    await stopped(bench);
    t.equal(device.pci.state().line, 'high');
    t.equal(await read(isr, 1), 2);
    await quiet();
    t.equal(device.pci.state().line, 'low', "vmd's line");
    t.equal(line(), false, "QEMU's");
    t.equal(await pic.take(), undefined, 'there is nothing left to take');
  },
  // QEMU lowers its own line at any access to BAR0, so what is left to see is the line as the function holds
  // it.
  T25: async (t, bench) => {
    await stopped(bench);
    t.equal(await bench.read(isr, 1), 2);
    await bench.quiet();
    t.equal(bench.device.pci.state().line, 'high', "vmd's line");
    t.equal(bench.raises(), 1, 'and no storm comes of it');
  },
  T43: async (t, { bringUp, device, line, pic, raised, read }) => {
    await pic.start([functionLine]);
    await bringUp();
    device.host.command('SYNCRTC');
    await raised();
    t.equal(await pic.take(), undefined, 'masked');
    await pic.unmask(functionLine);
    t.equal(await pic.take(), functionLine);
    t.equal(await read(isr, 1), 2);
    t.equal(await read(command), 3);
    t.equal(line(), false);
    await pic.end(functionLine);
    t.equal(await pic.take(), undefined, 'once');
  },
  T44: async (t, bench) => {
    const { ioApic, line, quiet, read } = bench;
    const vector = 0x41;
    await ioApic.route(functionLine, vector);
    await stopped(bench);
    for (let time = 1; time <= 3; time++) {
      t.ok(await ioApic.delivered(functionLine), `delivered, time ${time}`);
      t.equal(await read(command), 2, 'a handler that only reads the command');
      await quiet();
      t.ok(line(), 'the line is up again');
      await ioApic.end(vector);
    }
    t.equal(await read(isr, 1), 2);
    await quiet();
    t.equal(line(), false);
    await ioApic.end(vector);
    t.notOk(await ioApic.delivered(functionLine), 'not after ISR was read');
    await ioApic.mask(functionLine);
  },
};

const machine = await startQtestMachine();
t.teardown(() => machine.stop());

for (const [id, run] of Object.entries(cases)) {
  const row: Conformance = conformance[id as ConformanceId];
  t.test(`${id}: ${row.given}; ${row.when}: ${row.outcome}`, async (t) => {
    for (const name of row.generations)
      await t.test(name, { timeout: 300_000 }, (t) => withBench(machine, name, (bench) => run(t, bench)));
  });
}

t.test('what the table calls qtest is here, and nothing else', async (t) => {
  t.same(Object.keys(cases), conformanceAt('qtest'));
});
