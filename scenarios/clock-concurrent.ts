// Readers on two CPUs at once: each time shown is one that the device sampled, never seconds of one and microseconds of another.
import { countingClock } from '../harness/scenario/counting-clock.js';
import { parseTime } from '../harness/scenario/driver.js';
import { scenario } from '../harness/scenario/scenario.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const readers = 8;
const readings = 25;

scenario(
  'clock-concurrent',
  { cpus: 2, clock: countingClock(1_900_000_000_000_000n), scheduler: new VirtualScheduler() },
  async ({ check, vm, driver, trace }) => {
    const mark = trace.mark;
    const text = await vm.shell.text(`
      cd "$(echo ${driver.path('')})"
      for reader in $(seq ${readers}); do
        for reading in $(seq ${readings}); do read -r time <${driver.hostTimeName}; echo "$time"; done >/run/reader.$reader &
      done
      wait
      cat /run/reader.*`);
    const seen = text.split('\n').map((line) => parseTime('host time', line));
    const samples = new Set(trace.since(mark, 'sample').map(({ us }) => us));
    check.equal('readings', seen.length, readers * readings);
    check.equal('different readings', new Set(seen).size, seen.length);
    check.equal(
      'readings that are no sample of the device',
      seen.filter((time) => !samples.has(time)),
      [],
    );
    check.equal('samples that nobody shows', samples.size - seen.length, 0);
  },
);
