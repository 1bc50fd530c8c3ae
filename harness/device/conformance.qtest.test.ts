// Tests the cases of harness/testing/conformance.ts that need QEMU but no guest, through both sockets and
// QEMU's PCI bus.

import t, { type Test } from 'tap';
import { type Conformance, type ConformanceId, conformance } from '../testing/conformance.js';
import { conformanceAt } from '../testing/conformance-at.js';
import { type Fixture, withFixture } from '../testing/qtest-fixture.js';
import { functionLine, startQtestMachine } from '../testing/qtest-machine.js';

const ALL_ONES = 0xffff_ffff;
const ISR = 19;
const COMMAND = 20;

/** The offset in BAR0 of an offset in the config area. */
const config = (offset: number): number => COMMAND + offset;

/** Sends a stop to an initialized driver and waits until QEMU holds the line high. */
const requestStop = async (fixture: Fixture): Promise<void> => {
  await fixture.bringUp();
  fixture.device.host.stop();
  await fixture.raised();
};

const cases: Partial<Record<ConformanceId, (t: Test, fixture: Fixture) => Promise<void>>> = {
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
    for (const bar of [0x10, 0x14]) await machine.writeConfig(bar, 4, ALL_ONES);
    t.equal(await machine.readConfig(0x10, 4), 0xfffff001);
    t.equal(await machine.readConfig(0x14, 4), 0);
  },
  T05: async (t, { machine, qtest, read }) => {
    t.equal(await read(0), 7, 'at the old address');
    await machine.writeConfig(0x10, 4, 0xc000);
    t.equal(await qtest.in(0xc000, 4), 7);
    t.equal(await read(0), ALL_ONES);
  },
  T07: async (t, { machine }) => {
    t.equal(await machine.readConfig(0x0c, 4), 0);
    await machine.writeConfig(0x0d, 1, 0x40);
    t.equal(
      await machine.readConfig(0x0c, 4),
      0x40,
      'the whole dword, because 6.2 reads single bytes incorrectly',
    );
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
  T12: async (t, fixture) => {
    const { device, kills, read, scheduler, write } = fixture;
    await requestStop(fixture);
    await write(18, 1, 0);
    t.equal(await read(18, 1), 0);
    t.equal(await read(4), 7);
    t.equal(await read(ISR, 1), 2);
    t.equal(await read(COMMAND), 2);
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
  T21: async (t, fixture) => {
    await requestStop(fixture);
    t.equal(await fixture.read(16, 4), 0);
    t.equal(await fixture.read(ISR, 1), 2);
  },
  T22: async (t, fixture) => {
    await requestStop(fixture);
    t.equal(await fixture.bytes(COMMAND, 4), '02 02 02 02');
  },
  T23: async (t, fixture) => {
    await requestStop(fixture);
    t.equal(await fixture.read(ISR, 1), 2);
    t.equal(await fixture.read(ISR, 1), 0);
  },
  T24: async (t, fixture) => {
    const { device, line, pic, quiet, read } = fixture;
    await pic.start([functionLine]);
    await pic.unmask(functionLine);
    await requestStop(fixture);
    t.equal(device.pci.state().line, 'high');
    t.equal(await read(ISR, 1), 2);
    await quiet();
    t.equal(device.pci.state().line, 'low', "the function's line");
    t.equal(line(), false, "QEMU's line");
    t.equal(await pic.take(), undefined, 'no interrupt is pending');
  },
  // QEMU lowers its line on any access to BAR0, so only the function's own state of the line is left to
  // check.
  T25: async (t, fixture) => {
    await requestStop(fixture);
    t.equal(await fixture.read(ISR, 1), 2);
    await fixture.quiet();
    t.equal(fixture.device.pci.state().line, 'high', "the function's line");
    t.equal(fixture.raises(), 1, 'the interrupt does not repeat');
  },
  T43: async (t, { bringUp, device, line, pic, raised, read }) => {
    await pic.start([functionLine]);
    await bringUp();
    device.host.command('SYNCRTC');
    await raised();
    t.equal(await pic.take(), undefined, 'no interrupt while masked');
    await pic.unmask(functionLine);
    t.equal(await pic.take(), functionLine);
    t.equal(await read(ISR, 1), 2);
    t.equal(await read(COMMAND), 3);
    t.equal(line(), false);
    await pic.end(functionLine);
    t.equal(await pic.take(), undefined, 'no second interrupt');
  },
  T44: async (t, fixture) => {
    const { ioApic, line, quiet, read } = fixture;
    const vector = 0x41;
    await ioApic.route(functionLine, vector);
    await requestStop(fixture);
    for (let time = 1; time <= 3; time++) {
      t.ok(await ioApic.delivered(functionLine), `delivered, time ${time}`);
      t.equal(await read(COMMAND), 2, 'the command that a handler reads without reading ISR');
      await quiet();
      t.ok(line(), 'the line is high again');
      await ioApic.end(vector);
    }
    t.equal(await read(ISR, 1), 2);
    await quiet();
    t.equal(line(), false);
    await ioApic.end(vector);
    t.notOk(await ioApic.delivered(functionLine), 'no interrupt after ISR was read');
    await ioApic.mask(functionLine);
  },
};

const machine = await startQtestMachine();
t.teardown(() => machine.stop());

for (const [id, run] of Object.entries(cases)) {
  const row: Conformance = conformance[id as ConformanceId];
  t.test(`${id}: ${row.given}; ${row.when}: ${row.outcome}`, async (t) => {
    for (const name of row.generations)
      await t.test(name, { timeout: 300_000 }, (t) =>
        withFixture(machine, name, (fixture) => run(t, fixture)),
      );
  });
}

t.test('has exactly the cases of the tier qtest', async (t) => {
  t.same(Object.keys(cases), conformanceAt('qtest'));
});
