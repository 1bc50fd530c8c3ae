// Each allocation of the driver fails once: in a probe, a reading, a sleep and a SYNCRTC. The driver must
// undo what it has done and work the next time.

import {
  failInWorkers,
  hasFailedInWorkers,
  limitFaultsTo,
  withFailure,
} from '../../harness/guest/fault-injection.js';
import { readDevice } from '../../harness/guest/sysfs.js';
import { holdings, leftovers } from '../../harness/scenario/leftovers.js';
import { type Scene, scenario } from '../../harness/scenario/scenario.js';
import { acks, isTimeRead } from '../../harness/scenario/traffic.js';

/** Upper bound on allocations, more than any driver of this device makes, so that the scenario ends. */
const maxPoints = 200;

const needs = ['FAILSLAB', 'FAULT_INJECTION_STACKTRACE_FILTER'] as const;

/**
 * Calls `attempt` with 1, 2, … until no allocation fails; returns the number of attempts in which one failed.
 */
const eachPoint = async (attempt: (nth: number) => Promise<boolean>): Promise<number> => {
  let points = 0;
  while (points < maxPoints && (await attempt(points + 1))) points += 1;
  return points;
};

const checkPoints = ({ check }: Scene, where: string, points: number): void =>
  check('comes-back').that(
    `allocations that failed once in ${where}`,
    points < maxPoints,
    `fewer than ${maxPoints}`,
    points,
  );

scenario('failing-allocations', { needs, quiet: true }, async (scene) => {
  const { check, vm, driver, device, trace, until } = scene;
  const { shell, address } = vm;
  const drivers = '/sys/bus/pci/drivers';
  const { pciDriver, modules } = driver.description;
  const bind = `echo ${address} >${drivers}/${pciDriver}/bind`;
  const unbind = `echo ${address} >${drivers}/${pciDriver}/unbind`;
  await limitFaultsTo(shell, modules);
  await shell.text(unbind);
  const before = await holdings(shell, address);

  const probePoints = await eachPoint(async (nth) => {
    const { injected } = await withFailure(shell, nth, bind);
    await shell.text(`if [ -e ${drivers}/${pciDriver}/${address} ]; then ${unbind}; fi`);
    const left = await leftovers(shell, before);
    check('leaves-nothing').equal(`leaked resources, allocation ${nth} of a probe failed`, left, []);
    await shell.text(bind);
    if (driver.showsHostTime) await driver.hostTime();
    const bound = (await readDevice(shell, address))?.driver;
    check('comes-back').equal(`driver bound after allocation ${nth} of a probe failed`, bound, pciDriver);
    if (injected) await shell.text(unbind);
    return injected;
  });
  check('device').that('allocations of a probe that failed', probePoints > 0, 'at least one', probePoints);
  checkPoints(scene, 'a probe', probePoints);

  const readPoints = await eachPoint(
    async (nth) =>
      (
        await withFailure(
          shell,
          nth,
          `for file in ${driver.path('*')}; do [ -d $file ] || read line <$file; done`,
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
