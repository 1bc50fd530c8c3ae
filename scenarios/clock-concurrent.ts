// Processes on two CPUs read the clock concurrently. Each reading is one sample of the device, never the
// seconds of one sample with the microseconds of another.

import { parseDrift } from '../harness/scenario/driver-text.js';
import { showDurationNs, showEach, showInstant } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { readsOf, samples } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { countingClock } from './shared/counting-clock.js';

const readers = 8;
const readings = 25;

scenario(
  'clock-concurrent',
  { cpus: 2, clock: countingClock(1_900_000_000_000_000n), scheduler: new VirtualScheduler() },
  async ({ check, vm, driver, trace }) => {
    const mark = trace.mark;
    await vm.shell.text(`
      cd "$(echo ${driver.path('')})"
      for reader in $(seq ${readers}); do
        for reading in $(seq ${readings}); do read -r time <${driver.hostTimeName}; echo "$time"; done >/run/reader.$reader &
      done
      wait
      cat /run/reader.* >/run/readings`);
    const seen = await driver.readings('/run/readings');
    const sampled = samples(trace, mark);
    check('shows-host-time').equal('readings', seen.length, readers * readings);
    check('shows-host-time').equal('distinct readings', new Set(seen).size, seen.length);
    check('shows-host-time').equal(
      'readings that are not samples of the device',
      seen.filter((time) => !sampled.has(time)),
      [],
      showEach(showInstant),
    );
    check('shows-host-time').equal(checkNames.samplesUnread, sampled.size - seen.length, 0);
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
