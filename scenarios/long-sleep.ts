// The guest sleeps for so long that its clocks differ afterwards, while the driver does not poll. Then the
// drift is right, SYNCRTC sets the clock, and polls can be turned on.

import { readGuestClock, shiftGuestClock } from '../harness/guest/clock.js';
import { matchText } from '../harness/guest/guest-text.js';
import { showDurationNs, showInstantNs } from '../harness/scenario/formats.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { hasDriverOk, isCommandRead, isTimeRead } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC } from '../harness/vmmci/features.js';
import { realScheduler, VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkDrift } from './shared/check-drift.js';
import { checkNames } from './shared/check-names.js';
import { driverLog, warningsIn } from './shared/driver-log.js';
import { suspendGuest } from './shared/suspend-guest.js';

/**
 * The kernel measures a sleep by the RTC, which has whole seconds: it may count a second more or less.
 */
const sleepMs = 2100;

const second = 1_000_000_000n;

/** The frozen time of the device's clock, in nanoseconds since 1970. */
const frozenNs = 1_795_350_896_123_456_000n;

/** How long the guest has slept since its boot, in nanoseconds: only its boot clock counts that. */
const sleptNs = async ({ vm }: Scene): Promise<bigint> => {
  const text = await vm.shell.text(
    "sed -n 's/^now at \\([0-9]*\\) nsecs$/\\1/p' /proc/timer_list && cat /proc/uptime",
  );
  const form = /^(\d{1,19})\n(\d{1,10})\.(\d\d) /;
  const expected = 'nanoseconds of the monotonic clock, seconds of the boot clock';
  const [monotonic = '', seconds = '', hundredths = ''] = matchText('clocks', expected, form, text);
  return BigInt(seconds) * second + (BigInt(hundredths) * second) / 100n - BigInt(monotonic);
};

/**
 * The device's clock is frozen, so the guest's clock is at most its time plus what has passed since the
 * command. The driver is unloaded afterwards.
 */
const checkSync = async ({ check, vm, device, driver, trace, until }: Scene): Promise<void> => {
  await shiftGuestClock(vm.shell, 3600n * second);
  const sent = process.hrtime.bigint();
  const { mark } = trace;
  check('restores-after-sleep').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  await until('bar-read', mark, isTimeRead);
  await driver.unload(); // waits until the clock is set
  const { guest } = await readGuestClock(vm.shell);
  check('sets-clock').between(
    checkNames.clockAfterSleep,
    guest,
    { from: frozenNs, to: frozenNs + process.hrtime.bigint() - sent },
    showInstantNs,
  );
};

/**
 * To resume from disk takes a disk, and a quarter of a minute. A module calls the driver's callbacks in its
 * place.
 */
const resumeFromDisk = async ({ vm }: Scene): Promise<{ missing: string[]; error: number }> => {
  const { shell } = vm;
  const parameter = (name: string) =>
    shell.output(['read-files', `/sys/module/sleep_callbacks/parameters/${name}`]);
  await shell.output(['load', 'sleep_callbacks', `address=${vm.address}`, 'resume=1']);
  const missing = (await parameter('missing')).trim().split(' ').filter(Boolean);
  const error = Number(await parameter('error'));
  await shell.output(['unload', 'sleep_callbacks']);
  return { missing, error };
};

const checkCallbacks = async (scene: Scene): Promise<void> => {
  const { check, device } = scene;
  const restores = check('restores-after-sleep');
  const { missing, error } = await resumeFromDisk(scene);
  restores.equal(checkNames.missingCallbacks, missing, []);
  restores.equal('error of a resume from disk', error, 0);
  const { status } = device.vmmci.state();
  const seen = hasDriverOk(status) ? 'set' : 'not set';
  if (missing.length === 0) restores.equal(checkNames.restoredFromDisk, seen, 'set');
};

/**
 * A driver may read the time to wake up, but must not need it. The driver is loaded before and afterwards.
 */
const checkWithoutTime = async (scene: Scene): Promise<void> => {
  const { check, device, driver } = scene;
  const loadWith = async (features?: number): Promise<void> => {
    await driver.unload();
    await device.stopBackend();
    await device.startBackend(features === undefined ? {} : { features });
    await driver.load(driver.pollingEvery(0));
  };
  await loadWith(ACK | SYNCRTC);
  const { error } = await resumeFromDisk(scene);
  check('restores-after-sleep').equal(checkNames.resumeWithoutTime, error, 0);
  await loadWith();
};

scenario(
  'long-sleep',
  {
    driver: 'installed',
    helpers: true,
    needs: ['SUSPEND'],
    clock: 'frozen:2026-11-22T12:34:56.123456Z',
    scheduler: new VirtualScheduler(),
  },
  async (scene) => {
    const { check, vm, driver, trace, until } = scene;
    const { time, syncRtc } = driver.description;
    await driver.load(driver.pollingEvery(0));
    await checkCallbacks(scene);
    await checkWithoutTime(scene);
    const before = (await driverLog(vm.shell, driver.description)).length;
    // No event shows that time has passed: the guest's processor is off.
    await suspendGuest(vm, () => new Promise((resolve) => realScheduler().after(sleepMs, resolve)));
    const slept = await sleptNs(scene);
    check('device').that(
      'time that the guest has slept',
      slept > second / 2n,
      'a second',
      showDurationNs(slept),
    );
    const warnings = warningsIn((await driverLog(vm.shell, driver.description)).slice(before));
    check('quiet-log').equal(checkNames.warningsOfSleep, warnings, []);
    if (time !== undefined) await checkDrift(scene, 'after a sleep');
    if (driver.hasPollInterval) {
      await driver.setPollInterval(20);
      await until('bar-read', trace.mark, isCommandRead, 3);
    }
    if (syncRtc === 'registers') await checkSync(scene);
  },
);
