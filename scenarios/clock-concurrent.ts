// Processes on two CPUs read the clock concurrently. Each reading is one sample of the device, never the
// seconds of one sample with the microseconds of another.

import { countingClock } from '../harness/scenario/counting-clock.js';
import { showEach, showInstant } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { samples } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

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
    check('shows-host-time').equal('samples without a reading', sampled.size - seen.length, 0);
  },
);
