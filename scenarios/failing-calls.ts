// Each call of the driver's probe into the kernel that can fail is made to fail once. The driver must undo
// what it has done, return the error, and work the next time.

import { beginMemoryTrace, endMemoryTrace, noteAllocations } from '../harness/guest/memory-trace.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { showFeatures, showStatus } from '../harness/scenario/formats.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { isTimeRead } from '../harness/scenario/traffic.js';
import { frozen } from '../harness/vmmci/clock.js';
import { checkNames } from './shared/check-names.js';
import { driverLog, warningsIn } from './shared/driver-log.js';
import { type FallibleCall, fallibleCalls, withFailingCall } from './shared/failing-calls.js';
import { probeErrors } from './shared/probe-errors.js';
import { references } from './shared/references.js';

/** Maximum number of calls of one function that are made to fail. */
const maxCalls = 20;

const options = { driver: 'installed', helpers: true, needs: ['EVENT_TRACING', 'KPROBES'] } as const;

const isUp = async ({ vm, driver }: Scene): Promise<boolean> => {
  const { pciDriver } = driver.description;
  if ((await readDevice(vm.shell, vm.address))?.driver !== pciDriver) return false;
  const bound = await vm.shell.run(`readlink ${driver.path('driver')}`);
  return bound.stdout.toString('utf8').trim().endsWith(`/${driver.binding.driver}`);
};

/** What to show of a probe that the kernel has logged no error of: whether a driver is bound. */
const unlogged = async ({ vm, driver }: Scene): Promise<readonly string[]> => {
  const { shell, address } = vm;
  const isFunctionBound = (await readDevice(shell, address))?.driver === driver.description.pciDriver;
  const bare = await shell.run(`[ -e ${driver.path('vendor')} ] && [ ! -e ${driver.path('driver')} ]`);
  return isFunctionBound && bare.status !== 0 ? [] : [checkNames.unloggedError];
};

/** Loads the driver while call number `nth` fails. Resolves with false if there is no such call. */
const failOnce = async (scene: Scene, point: FallibleCall, nth: number): Promise<boolean> => {
  const { check, vm, device, driver } = scene;
  const { shell } = vm;
  const what = `${point.what} of ${point.module}, call ${nth}`;
  const before = await holdings(shell, vm.address);
  const earlier = await probeErrors(shell);
  const logged = (await driverLog(shell, driver.description)).length;
  await beginMemoryTrace(shell);
  const failed = await withFailingCall(shell, point, nth, () => driver.load(driver.quiet));
  if (failed) {
    // A driver may work without the resource that it did not get.
    const works = await isUp(scene);
    const expected = works ? [] : [String(point.error)];
    const errors = (await probeErrors(shell)).slice(earlier.length);
    const shown = works || errors.length > 0 ? errors : await unlogged(scene);
    check('undoes-failures').equal(`${checkNames.errorOfFailure} ${what} fails`, shown, expected);
    const lines = (await driverLog(shell, driver.description)).slice(logged);
    if (works)
      check('says-what-happens').that(
        `${checkNames.warningsOfFailure} ${what} fails`,
        warningsIn(lines).length > 0,
        'a warning, since the driver works without it',
        lines,
      );
    const numbers = lines.flatMap((line) => /\berror (-?\d+)\b/.exec(line)?.[1] ?? []);
    check('says-what-happens').equal(
      `${checkNames.loggedErrors} ${what} fails, other than ${point.error}`,
      numbers.filter((number) => number !== String(point.error)),
      [],
    );
    if (expected.length === 0 && driver.showsHostTime)
      check('undoes-failures').equal(
        `host time when ${what} fails`,
        await driver.hostTime(),
        device.vmmci.state().lastSample,
      );
  }
  await noteAllocations(shell, driver.description.modules);
  await driver.unload();
  check('undoes-failures').equal(
    `allocations that were not freed after ${what} has failed`,
    await endMemoryTrace(shell),
    [],
  );
  check('undoes-failures').equal(
    `leaked resources after ${what} has failed`,
    await leftovers(shell, before, `after ${what} has failed`),
    [],
  );
  const { status, guestFeatures } = device.vmmci.state();
  check('resets-device').equal(`status after ${what} has failed`, status, 0, showStatus);
  check('resets-device').equal(`features after ${what} has failed`, guestFeatures, 0, showFeatures);
  return failed;
};

scenario('failing-calls', options, async (scene) => {
  const { check, vm, device, driver, environment } = scene;
  const points = await fallibleCalls(environment);
  const before = await references(vm.shell, vm.address);
  let count = 0;
  for (const point of points) {
    let nth = 1;
    while (nth <= maxCalls && (await failOnce(scene, point, nth))) nth += 1;
    count += nth - 1;
  }
  check('device').that('calls that have failed', count > 0, 'at least one', count);
  const after = await references(vm.shell, vm.address);
  check('undoes-failures').equal('references to the PCI function after these calls', after, before);
  await driver.load(driver.quiet);
  check('comes-back').equal(
    'driver of the function',
    (await readDevice(vm.shell, vm.address))?.driver,
    driver.description.pciDriver,
  );
  if (driver.showsHostTime)
    check('comes-back').equal('host time', await driver.hostTime(), device.vmmci.state().lastSample);
});

const settingTheClock = { call: 'do_settimeofday64', value: -22 } as const;

/** Linux refuses a time at which the monotonic clock would have been negative (kernel/time/timekeeping.c). */
const beforeBoot = frozen(0n);

// A clock that cannot be set is a warning, and the next SYNCRTC sets it.
scenario(
  'failing-sync',
  { ...options, driver: 'loaded' },
  async ({ check, vm, device, driver, trace, until }) => {
    driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
    const { shell } = vm;
    const warnings = async () => warningsIn(await driverLog(shell, driver.description));
    const before = (await warnings()).length;
    const synchronise = async (): Promise<void> => {
      const mark = trace.mark;
      check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
      await until('ack', mark);
      await until('bar-read', mark, isTimeRead);
      // Waits until the work of the command is done.
      await driver.unload();
    };
    const caller = `[${driver.description.modules.at(-1)}]`;
    const failed = await withFailingCall(shell, { ...settingTheClock, caller }, 1, synchronise);
    check('device').that('calls of do_settimeofday64 that failed', failed, '1', failed ? 1 : 0);
    const lines = (await warnings()).slice(before);
    check('quiet-log').equal(checkNames.unsetWarnings, lines.length, 1);
    const { unset } = driver.description.logLines ?? {};
    if (unset !== undefined)
      check('says-what-happens').that(
        'warning about a clock that cannot be set',
        lines.some((line) => line.includes(unset)),
        unset,
        lines,
      );
    await driver.load(driver.quiet);
    const known = (await warnings()).length;
    await synchronise();
    check('quiet-log').equal('warnings about the next SYNCRTC', (await warnings()).slice(known), []);

    await driver.load(driver.quiet);
    device.clock.set(beforeBoot);
    await synchronise();
    const about = (await warnings()).slice(known);
    check('quiet-log').equal(`${checkNames.unsetWarnings}, to a time before the boot`, about.length, 1);
  },
);
