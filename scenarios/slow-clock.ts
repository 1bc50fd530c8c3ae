// The clock registers respond late. The drift and the time that the driver sets are still right.

import { setGuestClock, setTick, shiftGuestClock, waitGuestClock } from '../harness/guest/clock.js';
import { matchText } from '../harness/guest/guest-text.js';
import { checkNames, fastGuest } from '../harness/scenario/check-names.js';
import { driverLog } from '../harness/scenario/driver-log.js';
import { parseDrift } from '../harness/scenario/driver-text.js';
import { showDurationNs, showInstantNs } from '../harness/scenario/formats.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { acks, isTimeRead, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const millisecond = 1_000_000n; // nanoseconds
const slowMs = 1000;
const slow = BigInt(slowMs) * millisecond;

/** More nanoseconds than a signed number of 32 bits holds, and less than QEMU's timeout of 5 s for a device. */
const verySlowMs = 2200;
const verySlow = BigInt(verySlowMs) * millisecond;

/** The frozen time of the device's clock, in nanoseconds since 1970. */
const frozenNs = 1_795_350_896_123_456_000n;

const options = {
  clock: 'frozen:2026-11-22T12:34:56.123456Z',
  scheduler: new VirtualScheduler(),
  quiet: true,
};

/**
 * Derives from the drift the time by the guest's clock at which the driver assumes that the sample was taken,
 * and checks that it is at least `fromBegin` ns after the begin of the reading and `toEnd` ns before its end.
 */
const checkDrift = async (
  { check, vm, driver }: Scene,
  driftNs: string,
  what: string,
  fromBegin = 0n,
  toEnd = 0n,
): Promise<void> => {
  // One command in the guest: the shorter the time between the three readings, the tighter the bounds.
  const text = await vm.shell.text(`guest-clock && cat ${driver.path(driftNs)} && guest-clock`);
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

scenario('slow-clock', options, async (scene) => {
  const { check, vm, device, driver, trace, until } = scene;
  const { shell } = vm;
  const { time } = driver.description;
  const driftNs = time?.kind === 'sysfs' ? time.driftNs : undefined;
  driver.needs(driftNs !== undefined, 'an attribute with the drift');
  const checkReading = (what: string, fromBegin?: bigint, toEnd?: bigint) =>
    checkDrift(scene, driftNs ?? '', what, fromBegin, toEnd);
  // From here on the monotonic clock and the one that nobody adjusts differ more and more.
  await setTick(shell, 11_000);
  for (const offset of [1n, -1n, 1000n, -1000n]) {
    await setGuestClock(shell, frozenNs - offset * millisecond);
    await checkReading(`of a guest that was off by ${offset} ms`);
  }

  device.faults.set({ faults: [{ kind: 'delay', ms: verySlowMs, when: readsOf('secondsLow') }] });
  await checkReading(`where the seconds take ${verySlowMs} ms`, verySlow / 2n, verySlow / 2n);
  device.faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: readsOf('microsecondsLow') }] });
  await checkReading(`where the microseconds take ${slowMs} ms`, 0n, slow);
  device.faults.clear();
  await setTick(shell, 10_000);
  await checkReading(fastGuest);

  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  // The guest's clock is years off, so that waitGuestClock() notices when it is set.
  await setGuestClock(shell, frozenNs + 5n * 365n * 86_400_000n * millisecond);
  device.faults.set({ faults: [{ kind: 'delay', ms: verySlowMs, when: readsOf('microsecondsLow') }] });
  let mark = trace.mark;
  check('driver-ok').equal(
    `SYNCRTC to a guest that is ahead by 5 years, where the microseconds take ${verySlowMs} ms`,
    device.host.command('SYNCRTC'),
    'sent',
  );
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  await waitGuestClock(shell, frozenNs);
  const set = await shiftGuestClock(shell, 0n);
  const earliest = frozenNs + verySlow;
  check('sets-clock').that(
    "the guest's clock after it",
    set >= earliest,
    `${showInstantNs(earliest)} or more`,
    showInstantNs(set),
  );
  device.faults.clear();

  // The device's clock is frozen, so the guest's clock is now at most that time plus what has passed since
  // the command.
  for (const offset of [1n, 86_400n]) {
    const begin = process.hrtime.bigint();
    const ahead = await setGuestClock(shell, frozenNs + offset * 1000n * millisecond);
    const linesBefore = (await driverLog(shell, driver.description)).length;
    mark = trace.mark;
    const sent = process.hrtime.bigint();
    const what = `SYNCRTC to a guest that is ahead by ${offset} s`;
    check('driver-ok').equal(what, device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    await until('bar-read', mark, isTimeRead);
    await driver.unload(); // waits until the clock is set
    const now = await shiftGuestClock(shell, 0n);
    const end = process.hrtime.bigint();
    const [latest, elapsed] = [frozenNs + end - sent, end - begin];
    check('sets-clock').between(
      "the guest's clock after it",
      now,
      { from: frozenNs, to: latest },
      showInstantNs,
    );
    const { set: setLine } = driver.description.logLines ?? {};
    const lines = (await driverLog(shell, driver.description)).slice(linesBefore);
    const logged = lines
      .map((line) => /^(.*) (-?\d+) ns$/.exec(line))
      .find((found) => found?.[1]?.endsWith(setLine ?? ''));
    if (setLine !== undefined && logged?.[2] !== undefined)
      check('says-what-happens').between(
        checkNames.loggedOffset,
        BigInt(logged[2]),
        { from: frozenNs - ahead - elapsed, to: frozenNs - ahead },
        showDurationNs,
      );
    await driver.load(driver.quiet);
  }

  // The kernel's time zone is now 5 h west of Greenwich; its clock is in UTC all the same.
  await shell.text('TZ=XYZ5 hwclock -u --systz');
  await setGuestClock(shell, frozenNs + 86_400_000n * millisecond);
  mark = trace.mark;
  check('driver-ok').equal(
    'SYNCRTC to a guest with a time zone in the kernel',
    device.host.command('SYNCRTC'),
    'sent',
  );
  await until('ack', mark);
  await waitGuestClock(shell, frozenNs);
  await checkReading('of a guest with a time zone in the kernel');
});
