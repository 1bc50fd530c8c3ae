// Two functions in one guest, on one interrupt line: each has its own clock and its own commands.
import { readInterrupt } from '../harness/guest/interrupts.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isDriverOk } from '../harness/scenario/traffic.js';
import { functionAddress, sharingAddress } from '../harness/scenario/vm.js';

const options = { clock: 'frozen:2026-11-22T12:00:00Z', quiet: true, needs: ['PCI_MSI'] } as const;

scenario('two-functions', options, async ({ check, vm, driver, another, until, ...first }) => {
  const second = await another({ clock: 'frozen:2031-05-06T07:08:09.000001Z' });
  await vm.plug(second.device, sharingAddress);
  await vm.console.guard(second.trace.next('status', 0, isDriverOk), {
    what: 'driver of the second function',
    timeoutMs: 10_000,
  });
  const other = driver.at(sharingAddress);
  check.equal('host_time of the first', await driver.hostTime(), first.device.clock.now());
  check.equal('host_time of the second', await other.hostTime(), second.device.clock.now());

  const irq = (await readDevice(vm.shell, functionAddress))?.irq ?? -1;
  check.equal('interrupt of the second', (await readDevice(vm.shell, sharingAddress))?.irq, irq);
  const { pciDriver } = driver.description;
  check.equal('handlers on the line', (await readInterrupt(vm.shell, irq)).handlers, [pciDriver, pciDriver]);

  const mark = second.trace.mark;
  const quiet = first.trace.mark;
  check.equal('SYNCRTC to the second', second.device.host.command('SYNCRTC'), 'sent');
  await vm.console.guard(second.trace.next('ack', mark), {
    what: 'acknowledgement by the second',
    timeoutMs: 10_000,
  });
  check.equal('commands that the second saw', await other.commandCounts(), {
    SHUTDOWN: 0,
    REBOOT: 0,
    SYNCRTC: 1,
    unknown: 0,
  });
  check.equal('commands that the first saw', await driver.commandCounts(), {
    SHUTDOWN: 0,
    REBOOT: 0,
    SYNCRTC: 0,
    unknown: 0,
  });
  check.equal('acknowledgements by the second', acks(second.trace, mark), [[3, 'cleared']]);
  check.equal('acknowledgements by the first', acks(first.trace, quiet), []);
  check.equal('interrupts that nobody claimed', (await readInterrupt(vm.shell, irq)).unhandled, 0);
});
