// Tests the interrupt line over the life of a function in QEMU, beyond the single cases of the conformance
// table.

import t from 'tap';
import { withFixture } from '../testing/qtest-fixture.js';
import { functionLine, functionPort, startQtestMachine } from '../testing/qtest-machine.js';
import { generationNames } from '../vmmci/generations.js';

const machine = await startQtestMachine();
t.teardown(() => machine.stop());

for (const name of generationNames) {
  const isLevel = name === '8.0';
  t.test(
    `${name}: without a read of ISR, ${isLevel ? 'each access raises the line again' : 'the line is raised once'}`,
    (t) =>
      withFixture(machine, name, async ({ bringUp, device, quiet, raised, raises, read }) => {
        await bringUp();
        device.host.command('SYNCRTC');
        await raised();
        for (let access = 0; access < 5; access++) {
          await read(20);
          await quiet();
        }
        t.equal(raises(), isLevel ? 6 : 1);
        t.equal(device.pci.state().isr, 2, 'ISR is unchanged');
      }),
  );

  t.test(`${name}: each new request interrupts, with and without a read of ISR`, (t) =>
    withFixture(machine, name, async ({ bringUp, device, pic, quiet, raised, read, write }) => {
      await pic.start([functionLine]);
      await pic.unmask(functionLine);
      await bringUp();
      for (const readsIsr of [true, false, true]) {
        device.host.command('SYNCRTC');
        await raised();
        t.equal(await pic.take(), functionLine);
        t.equal(await read(20), 3);
        await write(20, 4, 3);
        if (readsIsr) t.equal(await read(19, 1), 2);
        else await read(20);
        await quiet();
        await pic.end(functionLine);
      }
    }),
  );
}

t.test('no interrupt without DRIVER_OK or for a request that is already pending', (t) =>
  withFixture(machine, '8.0', async ({ bringUp, device, kills, quiet, raised, raises, read }) => {
    t.equal(device.host.command('SYNCRTC'), 'no-driver');
    await quiet();
    t.equal(raises(), 0);
    await bringUp();
    device.host.stop();
    await raised();
    t.equal(await read(19, 1), 2);
    t.equal(device.host.command('REBOOT'), 'unchanged');
    await quiet();
    t.equal(raises(), 1);
    t.same(kills, []);
  }),
);

t.test('a machine reset resets the device, and the next guest is interrupted like the first', (t) =>
  withFixture(machine, '8.0', async ({ bringUp, device, line, qtest, quiet, raised, read }) => {
    await bringUp();
    device.host.command('SYNCRTC');
    await raised();
    await machine.reset();
    await quiet();
    t.equal(line(), false);
    t.equal(await qtest.in(functionPort, 4), 0xffff_ffff, 'BAR0 is not mapped');
    t.match(device.vmmci.state(), { command: 'NONE', status: 0, guestFeatures: 0, configChanges: 0 });
    await machine.configure();
    await quiet();
    t.equal(line(), false, 'the line stays low after it is wired again');
    t.match(device.pci.state(), { line: 'low', isr: 0 });
    t.equal(await read(20), 0);
    await bringUp();
    t.equal(device.host.command('SYNCRTC'), 'sent');
    await raised();
    t.equal(await read(19, 1), 2);
  }),
);

t.test('unplugging a function lowers its line', async (t) => {
  await withFixture(machine, '8.0', async ({ bringUp, device, line, raised }) => {
    await bringUp();
    device.host.command('SYNCRTC');
    await raised();
    t.ok(line());
  });
  t.notOk(machine.qtest.level(functionLine));
  t.equal(await machine.readConfig(0, 4), 0xffff_ffff, 'the slot is empty');
});
