// Two functions in one guest share an interrupt line. Each has its own clock, commands and polls.

import { isName, readInterrupt } from '../harness/guest/interrupts.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { readDevice } from '../harness/guest/sysfs.js';
import type { Driver } from '../harness/scenario/driver.js';
import { showInstant, showInstantNs } from '../harness/scenario/formats.js';
import { hasOption, kernelLacks } from '../harness/scenario/kernel-needs.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import type { TracedDevice } from '../harness/scenario/scene.js';
import { acks, isCommandRead } from '../harness/scenario/traffic.js';
import { sharingAddress } from '../harness/scenario/vm.js';
import type { Request } from '../harness/vmmci/commands.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { askPtp, ptpClocks } from './shared/ptp.js';
import { plugSecond, timeoutMs } from './shared/second-function.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

const shortMs = 20;

const options = {
  clock: 'frozen:2026-11-22T12:00:00Z',
  quiet: true,
  pollMs: shortMs,
  needs: ['PCI_MSI'],
} as const;

/** One of the two functions, and the driver at it. */
interface Side extends TracedDevice {
  readonly name: 'first' | 'second';
  readonly address: string;
  readonly driver: Driver;
}

interface Sides {
  readonly first: Side;
  readonly second: Side;
}

const checkClocks = async ({ check, vm, driver, environment }: Scene, { first, second }: Sides) => {
  const apart = check('keeps-devices-apart');
  for (const { name, driver, device } of [first, second])
    apart.equal(`host time of the ${name}`, await driver.hostTime(), device.clock.now(), showInstant);
  const { ptp } = driver.description;
  if (ptp === undefined) return;
  if (!(await hasOption(environment, 'PTP_1588_CLOCK'))) {
    apart.skip('PTP clocks', kernelLacks(environment.kernel.release, ['PTP_1588_CLOCK']).message);
    return;
  }
  for (const { name, address, device, trace } of [first, second]) {
    const [clock, ...others] = await ptpClocks(vm.shell, address);
    apart.equal(`PTP clocks of the ${name}`, clock === undefined ? 0 : 1 + others.length, 1);
    if (clock === undefined) continue;
    check('shows-ptp-time').equal(`name of the PTP clock of the ${name}`, clock.name, ptp.clockName);
    const [time] = await askPtp({ vm, trace }, clock.device, 'time');
    apart.equal(`PTP time of the ${name}`, time?.values[0], device.clock.now() * 1000n, showInstantNs);
  }
};

/** Resolves with the number of the interrupt. */
const checkSharedInterrupt = async ({ check, vm, driver }: Scene): Promise<number> => {
  const irq = (await readDevice(vm.shell, vm.address))?.irq ?? -1;
  const otherIrq = (await readDevice(vm.shell, sharingAddress))?.irq;
  check('device').equal('interrupt of the second function', otherIrq, irq);
  if (!driver.description.interrupts) return irq;
  const { handlers } = await readInterrupt(vm.shell, irq);
  check('keeps-devices-apart').equal('handlers of the interrupt', handlers.length, 2);
  check('names-interrupt').that('names of the handlers', handlers.every(isName), 'a name each', handlers);
  return irq;
};

/** Sends a command to one function. Resolves when the driver has acknowledged it. */
const send = async (
  { check, vm }: Scene,
  { device, trace }: Side,
  command: Request,
  { to, what }: { to: string; what: string },
): Promise<void> => {
  const { mark } = trace;
  check('driver-ok').equal(`${command} to ${to}`, device.host.command(command), 'sent');
  await vm.console.guard(trace.next('ack', mark), { what, timeoutMs });
};

const checkCommandToSecond = async (scene: Scene, { first, second }: Sides, irq: number): Promise<void> => {
  const { check, vm } = scene;
  const { mark } = second.trace;
  const quiet = first.trace.mark;
  await send(scene, second, 'SYNCRTC', { to: 'the second', what: 'acknowledgement by the second' });
  const none = { SHUTDOWN: 0, REBOOT: 0, SYNCRTC: 0, unknown: 0 };
  const apart = check('keeps-devices-apart');
  apart.equal('commands that the second saw', await second.driver.commandCounts(), { ...none, SYNCRTC: 1 });
  apart.equal('commands that the first saw', await first.driver.commandCounts(), none);
  apart.equal('last command of the second', await second.driver.lastCommand(), 'SYNCRTC');
  apart.equal('last command of the first', await first.driver.lastCommand(), 'NONE');
  apart.equal('acknowledgements by the second', acks(second.trace, mark), ['SYNCRTC: cleared']);
  apart.equal('acknowledgements by the first', acks(first.trace, quiet), []);
  check('claims-own-interrupts').equal(
    'unhandled interrupts',
    (await readInterrupt(vm.shell, irq)).unhandled,
    0,
  );
};

/** Both get the same command: the driver must remember the last command of each device separately. */
const checkSameCommand = async (scene: Scene, { first, second }: Sides): Promise<void> => {
  const { check, vm } = scene;
  await recordPowerRequests(vm.shell);
  const expected: string[] = [];
  for (const side of [first, second]) {
    const { name, trace } = side;
    const { mark } = trace;
    await send(scene, side, 'REBOOT', {
      to: `the ${name}`,
      what: `acknowledgement of REBOOT by the ${name}`,
    });
    check('keeps-devices-apart').equal(`acknowledgements by the ${name}`, acks(trace, mark), [
      'REBOOT: graceful',
    ]);
    // The kernel has one work item for all reboots: a request that meets a pending one is merged with it.
    expected.push('reboot');
    const requests = await powerRequests(vm.shell, expected.length);
    check('goes-down').equal(`requests to go down after the ${name}`, requests, expected);
  }
};

/**
 * The line is shared: when the first device is unbound, the interrupts of the second must still be delivered.
 */
const checkSecondAlone = async (scene: Scene, { first, second }: Sides): Promise<void> => {
  const { check, vm, driver } = scene;
  const { pciDriver } = driver.description;
  await vm.shell.text(`echo ${vm.address} >/sys/bus/pci/drivers/${pciDriver}/unbind`);
  const { mark } = second.trace;
  await send(scene, second, 'SYNCRTC', {
    to: 'the second alone',
    what: 'acknowledgement by the second, alone',
  });
  check('keeps-devices-apart').equal('acknowledgements by the second alone', acks(second.trace, mark), [
    'SYNCRTC: cleared',
  ]);
  await vm.shell.text(`echo ${vm.address} >/sys/bus/pci/drivers/${pciDriver}/bind`);
  check('comes-back').equal(
    'host time of the first when it is bound again',
    await driver.hostTime(),
    first.device.clock.now(),
    showInstant,
  );
};

/** The driver polls its only device. Then the polls end, so that they cannot hide a lost interrupt. */
const awaitPolls = async ({ driver, until }: Scene): Promise<void> => {
  if (!driver.hasPollInterval) return;
  // The driver reads the command in probe, too.
  await until('bar-read', 0, isCommandRead, 4);
  await driver.setPollInterval(Number(driver.quiet[driver.needsPollInterval().parameter] ?? 0));
};

const checkPolls = async ({ vm, driver }: Scene, { first, second }: Sides): Promise<void> => {
  if (!driver.hasPollInterval) return;
  const { pciDriver } = driver.description;
  await driver.setPollInterval(shortMs);
  for (const { name, address, trace } of [first, second]) {
    await vm.shell.text(`cd /sys/bus/pci/drivers/${pciDriver} && echo ${address} >unbind`);
    await vm.shell.text(`echo ${address} >/sys/bus/pci/drivers/${pciDriver}/bind`);
    // The driver reads the command in probe, too.
    let seq = trace.mark;
    for (const poll of ['first', 'second', 'third']) {
      const read = trace.next('bar-read', seq, isCommandRead);
      const what = `${poll} poll of the ${name}`;
      seq = (await vm.console.guard(read, { what, timeoutMs })).seq + 1;
    }
  }
};

scenario('two-functions', options, async (scene) => {
  const { check, vm, driver, device, trace } = scene;
  needSyncRtc(scene);
  // A reading that is wrong here is not wrong because of the second device.
  check('shows-host-time').equal(
    'host time before there is a second device',
    await driver.hostTime(),
    device.clock.now(),
    showInstant,
  );
  await awaitPolls(scene);
  const second = await plugSecond(scene, { clock: 'frozen:2031-05-06T07:08:09.000001Z' });
  const sides: Sides = {
    first: { name: 'first', address: vm.address, driver, device, trace },
    second: { name: 'second', address: sharingAddress, driver: driver.at(sharingAddress), ...second },
  };
  await checkClocks(scene, sides);
  const irq = await checkSharedInterrupt(scene);
  await checkCommandToSecond(scene, sides, irq);
  await checkSameCommand(scene, sides);
  await checkSecondAlone(scene, sides);
  await checkPolls(scene, sides);
});

// The host of the second function offers nothing.
scenario('two-offers', { ...options, scheduler: new VirtualScheduler() }, async (scene) => {
  const { check, vm, driver, device, trace } = scene;
  needSyncRtc(scene);
  const second = await plugSecond(scene, { features: 0, scheduler: new VirtualScheduler() });
  const apart = check('keeps-devices-apart');
  if (driver.showsHostTime)
    apart.equal(
      `host time ${checkNames.otherOffer}`,
      await driver.read(driver.hostTimeName),
      `${device.clock.now() / 1_000_000n}.000000`,
    );
  await recordPowerRequests(vm.shell);
  const sent = second.trace.mark;
  check('driver-ok').equal(
    'REBOOT to a function without features',
    second.device.host.command('REBOOT'),
    'sent',
  );
  apart.equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);
  check('respects-offer').equal('acknowledgements that the host does not want', acks(second.trace, sent), []);
  const first: Side = { name: 'first', address: vm.address, driver, device, trace };
  const { mark } = trace;
  await send(scene, first, 'SYNCRTC', {
    to: 'the first',
    what: 'acknowledgement by the first, which has other features than the second',
  });
  apart.equal(`acknowledgements ${checkNames.otherOffer}`, acks(trace, mark), ['SYNCRTC: cleared']);
});
