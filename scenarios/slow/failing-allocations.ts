// Each allocation of the driver fails once: in a probe, a reading, a sleep and a SYNCRTC. The driver must
// undo what it has done and work the next time.

import {
  failInWorkers,
  hasFailedInWorkers,
  limitFaultsTo,
  withFailure,
} from '../../harness/guest/fault-injection.js';
import { holdings, leftovers } from '../../harness/scenario/leftovers.js';
import { type Scene, scenario } from '../../harness/scenario/scenario.js';
import { acks, isTimeRead } from '../../harness/scenario/traffic.js';

/** Upper bound on allocations, more than any driver of this device makes, so that the scenario ends. */
const maxPoints = 500;

const needs = ['FAILSLAB', 'FAULT_INJECTION_STACKTRACE_FILTER'] as const;

/**
 * Calls `attempt` with 1, 2, … until no allocation fails; returns the number of attempts in which one failed.
 */
const eachPoint = async (attempt: (nth: number) => Promise<boolean>): Promise<number> => {
  let points = 0;
  while (points < maxPoints && (await attempt(points + 1))) points += 1;
  return points;
};

/** No requirement limits the allocations of a driver, so reaching the bound is a fault of this scenario. */
const checkPoints = ({ check }: Scene, where: string, points: number): void =>
  check('device').that(
    `allocations that failed once in ${where}`,
    points < maxPoints,
    `fewer than ${maxPoints}`,
    points,
  );

/** One of the two probes: `device` is the name in the directory of the driver. */
interface Probe {
  readonly where: string;
  readonly bus: 'pci' | 'virtio';
  readonly driver: string;
  readonly device: string;
}

/**
 * Each allocation of the probe fails once. The device is not bound before and after. The two probes are tried
 * one after the other, since each bind of the PCI driver takes seconds on such a kernel: the firmware's table
 * of interrupt routes is interpreted.
 */
const failProbe = async (scene: Scene, { where, bus, driver, device }: Probe): Promise<void> => {
  const { check, vm } = scene;
  const { shell, address } = vm;
  const directory = `/sys/bus/${bus}/drivers/${driver}`;
  const bind = `echo ${device} >${directory}/bind`;
  const unbind = `echo ${device} >${directory}/unbind`;
  const before = await holdings(shell, address);
  const points = await eachPoint(async (nth) => {
    const { injected } = await withFailure(shell, nth, bind);
    await shell.text(`if [ -e ${directory}/${device} ]; then ${unbind}; fi`);
    const left = await leftovers(shell, before);
    check('leaves-nothing').equal(`leaked resources, allocation ${nth} of ${where} failed`, left, []);
    await shell.text(bind);
    const bound = await shell.text(`[ -e ${directory}/${device} ] && echo bound || echo unbound`);
    check('comes-back').equal(`${driver} after allocation ${nth} of ${where} failed`, bound, 'bound');
    if (bus === 'virtio' && scene.driver.showsHostTime) await scene.driver.hostTime();
    await shell.text(unbind);
    return injected;
  });
  check('device').that(`allocations of ${where} that failed`, points > 0, 'at least one', points);
  checkPoints(scene, where, points);
};

scenario('failing-allocations', { needs, quiet: true }, async (scene) => {
  const { check, vm, driver, device, trace, until } = scene;
  const { shell, address } = vm;
  const { pciDriver, virtioDriver, modules } = driver.description;
  const { directory } = driver.binding;
  await limitFaultsTo(shell, modules);

  await shell.text(
    `echo 0 >/sys/bus/virtio/drivers_autoprobe; echo ${address} >/sys/bus/pci/drivers/${pciDriver}/unbind`,
  );
  await failProbe(scene, {
    where: 'the probe of the PCI driver',
    bus: 'pci',
    driver: pciDriver,
    device: address,
  });
  await shell.text(`echo ${address} >/sys/bus/pci/drivers/${pciDriver}/bind`);
  if (virtioDriver !== undefined) {
    const device = await shell.text(`basename ${driver.path('')}`);
    await failProbe(scene, {
      where: 'the probe of the virtio driver',
      bus: 'virtio',
      driver: virtioDriver,
      device,
    });
    await shell.text(`echo 1 >/sys/bus/virtio/drivers_autoprobe; echo ${device} >${directory}/bind`);
  }

  const readPoints = await eachPoint(
    async (nth) =>
      (
        await withFailure(
          shell,
          nth,
          `for file in ${driver.allPaths}; do [ -d $file ] || read line <$file; done`,
        )
      ).injected,
  );
  checkPoints(scene, 'readings of the attributes', readPoints);

  // Only the devices go to sleep and wake up, the machine does not; the callbacks run in the task that
  // writes.
  await shell.text(
    'echo devices >/sys/power/pm_test && echo 0 >/sys/power/pm_async && echo 0 >/sys/module/suspend/parameters/pm_test_delay',
  );
  const sleepPoints = await eachPoint(
    async (nth) => (await withFailure(shell, nth, 'echo mem >/sys/power/state')).injected,
  );
  checkPoints(scene, 'a sleep', sleepPoints);

  const syncPoints = await eachPoint(async (nth) => {
    await failInWorkers(shell, nth);
    const mark = trace.mark;
    check('driver-ok').equal(`SYNCRTC ${nth}`, device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    check('acknowledges').equal(`acknowledgements of SYNCRTC ${nth}`, acks(trace, mark), [
      'SYNCRTC: cleared',
    ]);
    await until('bar-read', mark, isTimeRead);
    return hasFailedInWorkers(shell, nth);
  });
  checkPoints(scene, 'a SYNCRTC', syncPoints);
});
