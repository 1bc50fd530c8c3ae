// SYNCRTC is acknowledged and sets the guest's clock to the device's, including the fraction of a second. The
// RTC, which has whole seconds, is not used.

import { readGuestClock, shiftGuestClock, waitGuestClock } from '../harness/guest/clock.js';
import { beginClockTrace, endClockTrace } from '../harness/guest/clock-trace.js';
import { hostNow } from '../harness/host/clock.js';
import { showEach, showInstantNs } from '../harness/scenario/formats.js';
import { hasOption, kernelLacks } from '../harness/scenario/kernel-needs.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { acks, readsOf } from '../harness/scenario/traffic.js';
import { running } from '../harness/vmmci/clock.js';
import { parseInstant } from '../harness/vmmci/instant.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { sync, syncAndCompare, syncFirst } from './shared/sync-clock.js';

/**
 * Forward, back, across limits of the calendar and of 31 bits; at half a second, so that rounding is noticed.
 */
const instants = [
  '2031-05-06T07:08:09.500000Z',
  '2028-02-29T23:59:59.500000Z',
  '2026-11-22T12:34:56.500000Z',
  '2038-01-19T03:14:07.500000Z',
  '2100-02-28T23:59:59.500000Z',
  '2106-02-07T06:28:13.500000Z',
  '1980-01-01T00:00:00.500000Z',
  '2027-01-01T00:00:00.500000Z',
];

/** How long the device takes to answer a read of the seconds in the second round, as on a busy host. */
const slowMs = 300;

/** Upper bound for the time from a sample until the clock is set, in nanoseconds. */
const maxDelay = 60_000_000_000n;

/** A difference of the clocks in nanoseconds, well below the 5 s after which vmd sends SYNCRTC by itself. */
const littleNs = 100_000_000n;

/** That all times are multiples of this many nanoseconds by chance is out of the question. */
const coarse = 10_000n;

// A virtual scheduler stops the timers of vmd, whose check of the clock would otherwise send another SYNCRTC.
const options = { scheduler: new VirtualScheduler(), quiet: true };

/** A SYNCRTC at each instant. `sentBefore` have been sent. Resolves with the number including this round. */
const checkRound = async (scene: Scene, how: string, sentBefore: number): Promise<number> => {
  const { check, driver } = scene;
  let sent = sentBefore;
  for (const instant of instants) {
    sent += await syncAndCompare(scene, instant, { how });
    if (!driver.showsCommands) continue;
    check('shows-commands').equal('last command', await driver.lastCommand(), 'SYNCRTC');
    const { SYNCRTC: counted } = await driver.commandCounts();
    check('shows-commands').equal('SYNCRTC commands', counted, sent);
  }
  return sent;
};

/**
 * The sample has whole microseconds, and the time since it was taken is added to the nanosecond. What the
 * scenario itself sets is not near a sample.
 */
const checkSetTimes = ({ check, trace }: Scene, all: readonly bigint[]): void => {
  const sampled = trace.since(0, 'sample').map(({ us }) => us * 1000n);
  const isAfterSample = (ns: bigint): boolean =>
    sampled.some((sample) => sample <= ns && ns < sample + maxDelay);
  const isBeforeSample = (ns: bigint): boolean =>
    sampled.some((sample) => ns < sample && sample < ns + 1_000_000_000n);
  const set = all.filter(isAfterSample);
  check('sets-clock').equal(
    checkNames.setBeforeSample,
    all.filter((ns) => isBeforeSample(ns) && !isAfterSample(ns)),
    [],
    showEach(showInstantNs),
  );
  check('sets-clock').that('times that were set from a sample', set.length > 0, 'at least one', set.length);
  check('sets-clock').that(
    checkNames.resolutionOfSet,
    set.some((ns) => ns % coarse !== 0n),
    `finer than ${coarse} ns`,
    set.map((ns) => showInstantNs(ns)),
  );
};

/** The clock is set also if it is off by little. The driver is unloaded afterwards. */
const checkLittle = async (scene: Scene): Promise<void> => {
  const { check, vm, driver, device, trace, until } = scene;
  // The last one took its sample in a slow read, which left the clock off by up to half of that time.
  await sync(scene, '2026-11-22T12:34:56.500000Z', { how: ' before a step by little' });
  await beginClockTrace(vm.shell);
  const mark = trace.mark;
  const ahead = await shiftGuestClock(vm.shell, littleNs);
  check('driver-ok').equal(
    'SYNCRTC to a guest that is off by little',
    device.host.command('SYNCRTC'),
    'sent',
  );
  await until('ack', mark);
  await driver.unload(); // waits until the clock is set
  const times = await endClockTrace(vm.shell);
  check('sets-clock').that(
    checkNames.setFromLittle,
    times.length > 1,
    'one by the driver, after that of the scenario',
    [ahead, ...times].map((ns) => showInstantNs(ns)),
  );
};

scenario('sync-rtc', options, async (scene) => {
  const { check, vm, driver, device, environment } = scene;
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const traces = await hasOption(environment, 'KPROBE_EVENTS');
  if (traces) await beginClockTrace(vm.shell);
  await syncFirst(scene);
  const sent = await checkRound(scene, '', 1);
  device.faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: readsOf('secondsLow') }] });
  await checkRound(scene, ` where the seconds take ${slowMs} ms`, sent);
  device.faults.clear();
  if (!traces) {
    const { message } = kernelLacks(environment.kernel.release, ['KPROBE_EVENTS']);
    check('sets-clock').skip('times to which the clock is set', message);
    check('sets-clock').skip(checkNames.setFromLittle, message);
    return;
  }
  checkSetTimes(scene, await endClockTrace(vm.shell));
  await checkLittle(scene);
});

/** Maximum difference in nanoseconds: one second for the RTC's rounding, the rest for a busy host. */
const rtcTolerance = 1_600_000_000n;

// The device's clock and the RTC both show the host's time, so any driver that knows SYNCRTC can pass this.
scenario('sync-rtc-seconds', { quiet: true }, async ({ check, vm, driver, device, trace, until }) => {
  driver.needs(driver.description.syncRtc !== undefined, 'a SYNCRTC that sets the clock');
  const now = () => device.clock.now() * 1000n;
  await shiftGuestClock(vm.shell, -3_600_000_000_000n);
  const mark = trace.mark;
  check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  await waitGuestClock(vm.shell, now(), 2n * rtcTolerance);
  const { guest, before, after } = await readGuestClock(vm.shell, now);
  check('sets-clock').between(
    "guest's clock afterwards",
    guest,
    { from: before - rtcTolerance, to: after + rtcTolerance },
    showInstantNs,
  );
});

const hourNs = 3_600_000_000_000n;

const lateMs = 20;

/** In microseconds. Not near a whole hour, so that the hours are exact however long a reading takes. */
const jump = 5_400_000_000n;

/** QEMU decides whether the interrupt comes before the driver has set the clock: hence several attempts. */
const attempts = 4;

/** The host's clock jumps again while the driver carries out a SYNCRTC. The second is carried out, too. */
const checkAgain = async ({ check, vm, driver, device, trace, until }: Scene): Promise<void> => {
  await driver.load(driver.quiet);
  const results: string[] = [];
  const stop = trace.follow((event) => {
    if (event.kind !== 'fault') return;
    stop();
    device.clock.shift(jump);
    results.push(device.host.command('SYNCRTC'));
  });
  // The sample is taken. With a delay, the interrupt is raised before the driver has the microseconds.
  const when = { ...readsOf('microsecondsLow'), times: 1 };
  device.faults.set({ faults: [{ kind: 'delay', ms: lateMs, when }] });
  const mark = trace.mark;
  check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark, undefined, 2);
  check('driver-ok').equal('SYNCRTC while the driver carries out one', results, ['sent']);
  await driver.unload(); // waits until the clock is set
  const { guest, after } = await readGuestClock(vm.shell, () => device.clock.now() * 1000n);
  check('carries-out').equal(checkNames.hoursAfterSecond, (guest - after) / hourNs, 0n);
};

/** Microseconds that no clock shows: more than an hour. */
const noMicroseconds = 0xffff_fffe;

const hoursAhead = 24n;

/**
 * The microseconds are none, so the driver does not know the time. It may set the clock to the seconds, or
 * not at all.
 */
const checkNoTime = async ({ check, vm, driver, device, trace, until }: Scene): Promise<void> => {
  await driver.load(driver.quiet);
  await shiftGuestClock(vm.shell, hoursAhead * hourNs);
  device.faults.set({
    faults: [{ kind: 'value', value: noMicroseconds, when: readsOf('microsecondsLow') }],
  });
  const mark = trace.mark;
  check('driver-ok').equal('SYNCRTC without a valid time', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  await driver.unload(); // waits until the command is carried out
  device.faults.clear();
  const { guest, before } = await readGuestClock(vm.shell, () => device.clock.now() * 1000n);
  const hours = (guest - before + hourNs / 2n) / hourNs;
  check('no-time-is-an-error').that(
    checkNames.hoursWithoutTime,
    hours === hoursAhead || hours === 0n,
    `${hoursAhead} if it was not set, or 0`,
    hours,
  );
};

scenario('sync-again', { ...options, driver: 'installed' }, async (scene) => {
  const { driver, device } = scene;
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  device.clock.set(running(hostNow, parseInstant('2031-05-06T07:08:09Z')));
  for (let attempt = 1; attempt <= attempts; attempt++) await checkAgain(scene);
  await checkNoTime(scene);
});
