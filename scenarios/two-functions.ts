// Two functions in one guest share an interrupt line. Each has its own clock, commands and polls.

import { isName, readInterrupt } from '../harness/guest/interrupts.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { showInstant, showInstantNs } from '../harness/scenario/formats.js';
import { hasOption } from '../harness/scenario/kernel-needs.js';
import { askPtp, ptpClocks } from '../harness/scenario/ptp.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isCommandRead, isDriverOk } from '../harness/scenario/traffic.js';
import { sharingAddress } from '../harness/scenario/vm.js';

const options = { clock: 'frozen:2026-11-22T12:00:00Z', quiet: true, needs: ['PCI_MSI'] } as const;

scenario('two-functions', options, async ({ check, vm, driver, another, environment, ...first }) => {
  const second = await another({ clock: 'frozen:2031-05-06T07:08:09.000001Z' });
  await vm.plug(second.device, sharingAddress);
  await vm.console.guard(second.trace.next('status', 0, isDriverOk), {
    what: 'driver of the second function',
    timeoutMs: 10_000,
  });
  const other = driver.at(sharingAddress);
  const apart = check('keeps-devices-apart');
  apart.equal('host time of the first', await driver.hostTime(), first.device.clock.now(), showInstant);
  apart.equal('host time of the second', await other.hostTime(), second.device.clock.now(), showInstant);

  const { ptp } = driver.description;
  if (ptp !== undefined && (await hasOption(environment, 'PTP_1588_CLOCK')))
    for (const [name, address, { device, trace }] of [
      ['first', vm.address, first],
      ['second', sharingAddress, second],
    ] as const) {
      const [clock, ...others] = await ptpClocks(vm.shell, address);
      apart.equal(`PTP clocks of the ${name}`, clock === undefined ? 0 : 1 + others.length, 1);
      if (clock === undefined) continue;
      const [time] = await askPtp({ vm, trace }, clock.device, 'time');
      apart.equal(`PTP time of the ${name}`, time?.values[0], device.clock.now() * 1000n, showInstantNs);
    }

  const irq = (await readDevice(vm.shell, vm.address))?.irq ?? -1;
  const otherIrq = (await readDevice(vm.shell, sharingAddress))?.irq;
  check('device').equal('interrupt of the second function', otherIrq, irq);
  const { pciDriver } = driver.description;
  const { handlers } = await readInterrupt(vm.shell, irq);
  apart.equal('handlers of the interrupt', handlers.length, 2);
  check('names-interrupt').that('names of the handlers', handlers.every(isName), 'a name each', handlers);

  const mark = second.trace.mark;
  const quiet = first.trace.mark;
  check('driver-ok').equal('SYNCRTC to the second', second.device.host.command('SYNCRTC'), 'sent');
  await vm.console.guard(second.trace.next('ack', mark), {
    what: 'acknowledgement by the second',
    timeoutMs: 10_000,
  });
  const none = { SHUTDOWN: 0, REBOOT: 0, SYNCRTC: 0, unknown: 0 };
  apart.equal('commands that the second saw', await other.commandCounts(), { ...none, SYNCRTC: 1 });
  apart.equal('commands that the first saw', await driver.commandCounts(), none);
  apart.equal('acknowledgements by the second', acks(second.trace, mark), ['SYNCRTC: cleared']);
  apart.equal('acknowledgements by the first', acks(first.trace, quiet), []);
  check('claims-own-interrupts').equal(
    'unhandled interrupts',
    (await readInterrupt(vm.shell, irq)).unhandled,
    0,
  );

  // Both get the same command: the driver must remember the last command of each device separately.
  await recordPowerRequests(vm.shell);
  const expected: string[] = [];
  for (const [name, { device, trace }] of [
    ['first', first],
    ['second', second],
  ] as const) {
    const since = trace.mark;
    check('driver-ok').equal(`REBOOT to the ${name}`, device.host.command('REBOOT'), 'sent');
    await vm.console.guard(trace.next('ack', since), {
      what: `acknowledgement of REBOOT by the ${name}`,
      timeoutMs: 10_000,
    });
    apart.equal(`acknowledgements by the ${name}`, acks(trace, since), ['REBOOT: graceful']);
    // The kernel has one work item for all reboots: a request that meets a pending one is merged with it.
    expected.push('reboot');
    const requests = await powerRequests(vm.shell, expected.length);
    check('goes-down').equal(`requests to go down after the ${name}`, requests, expected);
  }

  // The line is shared: when the first device is unbound, the interrupts of the second must still be
  // delivered.
  await vm.shell.text(`echo ${vm.address} >/sys/bus/pci/drivers/${pciDriver}/unbind`);
  const alone = second.trace.mark;
  check('driver-ok').equal('SYNCRTC to the second alone', second.device.host.command('SYNCRTC'), 'sent');
  await vm.console.guard(second.trace.next('ack', alone), {
    what: 'acknowledgement by the second, alone',
    timeoutMs: 10_000,
  });
  apart.equal('acknowledgements by the second alone', acks(second.trace, alone), ['SYNCRTC: cleared']);
  await vm.shell.text(`echo ${vm.address} >/sys/bus/pci/drivers/${pciDriver}/bind`);
  check('comes-back').equal(
    'host time of the first when it is bound again',
    await driver.hostTime(),
    first.device.clock.now(),
    showInstant,
  );

  if (!driver.has('drift_interval_ms')) return;
  const module = driver.description.parameters.find(({ name }) => name === 'drift_interval_ms')?.module;
  await vm.shell.text(`echo 20 >/sys/module/${module}/parameters/drift_interval_ms`);
  for (const [name, address, { trace }] of [
    ['first', vm.address, first],
    ['second', sharingAddress, second],
  ] as const) {
    await vm.shell.text(`cd /sys/bus/pci/drivers/${pciDriver} && echo ${address} >unbind`);
    await vm.shell.text(`echo ${address} >/sys/bus/pci/drivers/${pciDriver}/bind`);
    // The driver reads the command in probe, too.
    let seq = trace.mark;
    for (const poll of ['first', 'second', 'third']) {
      const read = trace.next('bar-read', seq, isCommandRead);
      const what = `${poll} poll of the ${name}`;
      seq = (await vm.console.guard(read, { what, timeoutMs: 10_000 })).seq + 1;
    }
  }
});
