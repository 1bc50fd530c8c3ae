// Processes on two CPUs read the clock concurrently. Each reading is one sample of the device, never the
// seconds of one sample with the microseconds of another.

import { parseDrift } from '../harness/scenario/driver-text.js';
import { showDurationNs, showEach, showInstant, showInstantNs } from '../harness/scenario/formats.js';
import { hasOption } from '../harness/scenario/kernel-needs.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { readsOf, samples } from '../harness/scenario/traffic.js';
import type { Request } from '../harness/vmmci/commands.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { countingClock } from './shared/counting-clock.js';
import { bracketsOf, parseAnswer, ptpClock } from './shared/ptp.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';

const readers = 8;
const readings = 40;

/**
 * Raises an interrupt at each sample. It is due when the driver turns interrupts on again, while another
 * reader already takes the next sample. The driver finds no command until the returned function is called,
 * and then a SYNCRTC.
 */
const disturb = ({ device, trace }: Scene): (() => void) => {
  const { host, faults } = device;
  faults.set({ faults: [{ kind: 'value', value: 0, when: readsOf('command') }] });
  // One command replaces the other: the host raises no interrupt for one that is in the register already.
  let next: Request = 'SYNCRTC';
  const stop = trace.follow(({ kind }) => {
    if (kind !== 'sample') return;
    host.command(next);
    next = next === 'SYNCRTC' ? 'REBOOT' : 'SYNCRTC';
  });
  return () => {
    stop();
    host.command('REBOOT');
    faults.clear();
    host.command('SYNCRTC');
  };
};

const readersOfEachKind = 3;
const readingsBesideOthers = 40;

/** The attribute, the PTP clock and SYNCRTC read the time in the same way, so they need the same lock. */
const checkAllReaders = async (scene: Scene): Promise<void> => {
  const { check, vm, device, driver, trace, environment } = scene;
  const hasPtp = driver.description.ptp !== undefined && (await hasOption(environment, 'PTP_1588_CLOCK'));
  const path = hasPtp ? await ptpClock(vm.shell, vm.address) : undefined;
  if (path === undefined && !takesSyncRtc(scene)) return;
  const { mark } = trace;
  // The device is not done with an acknowledgement yet when it is in the trace.
  const stop = trace.follow(({ kind }) => {
    if (kind === 'ack') queueMicrotask(() => device.host.command('SYNCRTC'));
  });
  device.host.command('SYNCRTC');
  await vm.shell.text(`
    cd "$(echo ${driver.path('')})"
    rm -f /run/reader.* && : >/run/ptp.0
    for reader in $(seq ${readersOfEachKind}); do
      for reading in $(seq ${readingsBesideOthers}); do read -r time <${driver.hostTimeName}; echo "$time"; done >/run/reader.$reader &
      ${path === undefined ? ':' : `ptp ${path} repeat:${readingsBesideOthers} extended >/run/ptp.$reader &`}
    done
    wait
    cat /run/reader.* >/run/readings`);
  stop();
  const byAttribute = (await driver.readings('/run/readings')).map((us) => us * 1000n);
  const text = await vm.shell.text('cat /run/ptp.*');
  const answers = text.split('\n').filter((line) => line !== '');
  const byPtp = answers.map(parseAnswer).flatMap(bracketsOf);
  const expected = readersOfEachKind * readingsBesideOthers;
  check('shows-host-time').equal('readings beside those of other kinds', byAttribute.length, expected);
  if (path !== undefined)
    check('shows-ptp-time').equal('readings of the PTP clock beside others', answers.length, expected);
  const sampled = new Set(trace.since(mark, 'sample').map(({ us }) => BigInt(us) * 1000n));
  check('shows-host-time').equal(
    'readings beside those of other kinds that are not samples of the device',
    [...byAttribute, ...byPtp.map(({ time }) => time)].filter((ns) => !sampled.has(ns)),
    [],
    showEach(showInstantNs),
  );
};

scenario(
  'clock-concurrent',
  { cpus: 2, clock: countingClock(1_900_000_000_000_000n), scheduler: new VirtualScheduler() },
  async (scene) => {
    const { check, vm, driver, trace } = scene;
    const mark = trace.mark;
    const stop = takesSyncRtc(scene) ? disturb(scene) : () => {};
    await vm.shell.text(`
      cd "$(echo ${driver.path('')})"
      for reader in $(seq ${readers}); do
        for reading in $(seq ${readings}); do read -r time <${driver.hostTimeName}; echo "$time"; done >/run/reader.$reader &
      done
      wait
      cat /run/reader.* >/run/readings`);
    const sampled = samples(trace, mark);
    stop();
    const seen = await driver.readings('/run/readings');
    check('shows-host-time').equal('readings', seen.length, readers * readings);
    check('shows-host-time').equal(checkNames.distinctReadings, new Set(seen).size, seen.length);
    check('shows-host-time').equal(
      'readings that are not samples of the device',
      seen.filter((time) => !sampled.has(time)),
      [],
      showEach(showInstant),
    );
    check('shows-host-time').equal(checkNames.samplesUnread, sampled.size - seen.length, 0);
    await checkAllReaders(scene);
  },
);

/** How long the device takes to answer a read of the seconds, in milliseconds. */
const slowMs = 100;
const slowReaders = 2;
const slowReadings = 4;

// The device answers one read at a time, and the driver takes the middle of a read for the moment of the
// sample. So two samples are at least the time of one read apart, also for a reader that waited for the
// other.
scenario(
  'drift-concurrent',
  { cpus: 2, clock: 'frozen:2026-11-22T12:00:00Z', scheduler: new VirtualScheduler(), quiet: true },
  async ({ check, vm, device, driver }) => {
    const { time } = driver.description;
    const driftNs = time?.kind === 'sysfs' ? time.driftNs : undefined;
    driver.needs(driftNs !== undefined, 'an attribute with the drift');
    device.faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: readsOf('secondsLow') }] });
    const text = await vm.shell.text(`
      cd "$(echo ${driver.path('')})"
      for reader in $(seq ${slowReaders}); do
        for reading in $(seq ${slowReadings}); do read -r drift <${driftNs}; echo "$drift"; done >/run/reader.$reader &
      done
      wait
      cat /run/reader.*`);
    device.faults.clear();
    // The device's clock stands still, so the drift falls as the guest's clock goes on.
    const drifts = text
      .split('\n')
      .map(parseDrift)
      .sort((left, right) => (left < right ? -1 : 1));
    const apart = drifts.slice(1).map((drift, index) => drift - (drifts[index] ?? drift));
    check('shows-drift').equal('readings of the drift', drifts.length, slowReaders * slowReadings);
    check('shows-drift').equal(
      checkNames.samplesTooClose,
      apart.filter((ns) => ns < BigInt(slowMs) * 1_000_000n),
      [],
      showEach(showDurationNs),
    );
  },
);
