// The clock registers respond late. The drift and the time that the driver sets are still right.

import { setGuestClock, setTick, shiftGuestClock, waitGuestClock } from '../harness/guest/clock.js';
import { matchText } from '../harness/guest/guest-text.js';
import { parseDrift } from '../harness/scenario/driver-text.js';
import { showDurationNs, showInstantNs } from '../harness/scenario/formats.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { acks, isTimeRead, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames, fastGuest } from './shared/check-names.js';
import { driverLog } from './shared/driver-log.js';

const millisecond = 1_000_000n; // nanoseconds
const slowMs = 1000;
const slow = BigInt(slowMs) * millisecond;

/**
 * More nanoseconds than a signed number of 32 bits holds, and less than QEMU's timeout of 5 s for a device.
 */
const verySlowMs = 2200;
const verySlow = BigInt(verySlowMs) * millisecond;

/** The frozen time of the device's clock, in nanoseconds since 1970. */
const frozenNs = 1_795_350_896_123_456_000n;

const options = {
  clock: 'frozen:2026-11-22T12:34:56.123456Z',
  scheduler: new VirtualScheduler(),
  quiet: true,
};

/** The name of the attribute with the drift. Throws DRIVER_LACKS, which skips the scenario. */
const driftName = ({ driver }: Scene): string => {
  const { time } = driver.description;
  const name = time?.kind === 'sysfs' ? time.driftNs : undefined;
  driver.needs(name !== undefined, 'an attribute with the drift');
  return name ?? '';
};

/**
 * Derives from the drift the time by the guest's clock at which the driver assumes that the sample was taken,
 * and checks that it is at least `fromBegin` ns after the begin of the reading and `toEnd` ns before its end.
 */
const checkDrift = async (scene: Scene, what: string, fromBegin = 0n, toEnd = 0n): Promise<void> => {
  const { check, vm, driver } = scene;
  // One command in the guest: the shorter the time between the three readings, the tighter the bounds.
  const text = await vm.shell.text(`guest-clock && cat ${driver.path(driftName(scene))} && guest-clock`);
  const form = /^(\d{1,20})\n([^\n]*)\n(\d{1,20})$/;
  const expected = 'one line that ends in a newline';
  const [begin = '', shown = '', end = ''] = matchText(
    'drift between two clocks',
    expected,
    form,
    text,
    'driver',
  );
  const [before, after] = [BigInt(begin), BigInt(end)];
  const taken = frozenNs - parseDrift(shown);
  check('shows-drift').between(
    `the guest's time of the sample, by drift_ns, ${what}`,
    taken,
    { from: before + fromBegin, to: after - toEnd },
    showInstantNs,
  );
};

/** The driver assumes the middle of its read of the seconds, whatever the read of the microseconds takes. */
const checkSlowReadings = async (scene: Scene): Promise<void> => {
  const { faults } = scene.device;
  faults.set({ faults: [{ kind: 'delay', ms: verySlowMs, when: readsOf('secondsLow') }] });
  await checkDrift(scene, `where the seconds take ${verySlowMs} ms`, verySlow / 2n, verySlow / 2n);
  faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: readsOf('microsecondsLow') }] });
  await checkDrift(scene, `where the microseconds take ${slowMs} ms`, 0n, slow);
  faults.clear();
};

/**
 * Sends SYNCRTC. Resolves, when the driver has acknowledged it, with the position in the trace before the
 * command.
 */
const sync = async ({ check, device, trace, until }: Scene, to: string): Promise<number> => {
  const { mark } = trace;
  check('driver-ok').equal(`SYNCRTC ${to}`, device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  return mark;
};

/** The driver must add the time that passed since the sample. */
const checkSlowSync = async (scene: Scene): Promise<void> => {
  const { check, vm, device, trace } = scene;
  // The guest's clock is years off, so that waitGuestClock() notices when it is set.
  await setGuestClock(vm.shell, frozenNs + 5n * 365n * 86_400_000n * millisecond);
  device.faults.set({ faults: [{ kind: 'delay', ms: verySlowMs, when: readsOf('microsecondsLow') }] });
  const mark = await sync(
    scene,
    `to a guest that is ahead by 5 years, where the microseconds take ${verySlowMs} ms`,
  );
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  await waitGuestClock(vm.shell, frozenNs);
  const set = await shiftGuestClock(vm.shell, 0n);
  const earliest = frozenNs + verySlow;
  check('sets-clock').that(
    "the guest's clock after it",
    set >= earliest,
    `${showInstantNs(earliest)} or more`,
    showInstantNs(set),
  );
  device.faults.clear();
};

/**
 * The line about the set clock names by how much it was set back: by the offset, and by what passed
 * meanwhile.
 */
const checkLoggedOffset = (
  { check, driver }: Scene,
  lines: readonly string[],
  range: { readonly from: bigint; readonly to: bigint },
): void => {
  const { set } = driver.description.logLines ?? {};
  const logged = lines
    .map((line) => /^(.*) (-?\d+) ns$/.exec(line))
    .find((found) => found?.[1]?.endsWith(set ?? ''));
  if (set === undefined || logged?.[2] === undefined) return;
  check('says-what-happens').between(checkNames.loggedOffset, BigInt(logged[2]), range, showDurationNs);
};

/**
 * The device's clock is frozen, so the guest's clock is at most that time plus what has passed since the
 * command. The driver is loaded again afterwards.
 */
const checkSyncBackward = async (scene: Scene, seconds: bigint): Promise<void> => {
  const { check, vm, driver, until } = scene;
  const begin = process.hrtime.bigint();
  const ahead = await setGuestClock(vm.shell, frozenNs + seconds * 1000n * millisecond);
  const linesBefore = (await driverLog(vm.shell, driver.description)).length;
  const sent = process.hrtime.bigint();
  const mark = await sync(scene, `to a guest that is ahead by ${seconds} s`);
  await until('bar-read', mark, isTimeRead);
  await driver.unload(); // waits until the clock is set
  const now = await shiftGuestClock(vm.shell, 0n);
  const end = process.hrtime.bigint();
  check('sets-clock').between(
    "the guest's clock after it",
    now,
    { from: frozenNs, to: frozenNs + end - sent },
    showInstantNs,
  );
  const lines = (await driverLog(vm.shell, driver.description)).slice(linesBefore);
  const to = frozenNs - ahead;
  checkLoggedOffset(scene, lines, { from: to - (end - begin), to });
  await driver.load(driver.quiet);
};

/** The kernel's time zone is 5 h west of Greenwich; its clock is in UTC all the same. */
const checkTimeZone = async (scene: Scene): Promise<void> => {
  const { shell } = scene.vm;
  await shell.text('TZ=XYZ5 hwclock -u --systz');
  await setGuestClock(shell, frozenNs + 86_400_000n * millisecond);
  await sync(scene, 'to a guest with a time zone in the kernel');
  await waitGuestClock(shell, frozenNs);
  await checkDrift(scene, 'of a guest with a time zone in the kernel');
};

scenario('slow-clock', options, async (scene) => {
  const { vm, driver } = scene;
  driftName(scene);
  // From here on the monotonic clock and the one that nobody adjusts differ more and more.
  await setTick(vm.shell, 11_000);
  for (const offset of [1n, -1n, 1000n, -1000n]) {
    await setGuestClock(vm.shell, frozenNs - offset * millisecond);
    await checkDrift(scene, `of a guest that was off by ${offset} ms`);
  }
  await checkSlowReadings(scene);
  await setTick(vm.shell, 10_000);
  await checkDrift(scene, fastGuest);
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  await checkSlowSync(scene);
  for (const seconds of [1n, 86_400n]) await checkSyncBackward(scene, seconds);
  await checkTimeZone(scene);
});
