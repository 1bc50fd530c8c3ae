// The PTP clock reads the system's clock immediately before and after the access that takes the device's
// sample.

import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { countingClock } from './shared/counting-clock.js';
import { askPtp, bracketsOf, EINVAL, needsPtp, parseAnswer, ptpClock } from './shared/ptp.js';

const samples = 3;
const slowMs = 100;
const slow = BigInt(slowMs) * 1_000_000n;

const readers = 8;
const readings = 10;
/** While one reader waits this long for the device, one on the other CPU comes to the lock. */
const contendedMs = 20;

const options = {
  needs: ['PTP_1588_CLOCK'],
  cpus: 2,
  clock: countingClock(1_900_000_000_000_000n),
  scheduler: new VirtualScheduler(),
  quiet: true,
} as const;

/** Programs may ask for brackets by another clock than that of the time of day (chrony does). */
const checkMonotonic = async ({ check, vm, trace }: Scene, path: string): Promise<void> => {
  const [answer] = await askPtp({ vm, trace }, path, 'monotonic');
  if (answer?.errno === EINVAL) {
    check('shows-ptp-time').skip(checkNames.monotonicBracket, 'Linux has this from 6.12 on');
    return;
  }
  const [bracket] = answer === undefined ? [] : bracketsOf(answer);
  const uptime = await vm.shell.output(['read-files', '/proc/uptime']);
  // In hundredths of a second, rounded down.
  const limit = (BigInt(uptime.split(' ', 1)[0]?.replace('.', '') ?? '') + 1n) * 10_000_000n;
  check('shows-ptp-time').that(
    checkNames.monotonicBracket,
    bracket !== undefined && bracket.before <= bracket.after && bracket.after <= limit,
    `at most ${limit} ns, the time since the guest was booted`,
    [bracket?.before, bracket?.after],
  );
};

scenario('ptp-brackets', options, async (scene) => {
  const { check, vm, device, driver, trace } = scene;
  needsPtp(driver);
  const path = await ptpClock(vm.shell, vm.address);
  await checkMonotonic(scene, path);

  // These are only lower bounds: a busy host makes reads longer, never shorter.
  device.faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: readsOf('secondsLow') }] });
  const [around] = await askPtp({ vm, trace }, path, `extended:${samples}`);
  device.faults.clear();
  const widths = around === undefined ? [] : bracketsOf(around).map(({ before, after }) => after - before);
  check('shows-ptp-time').that(
    `brackets of seconds that take ${slowMs} ms to read`,
    widths.length === samples && widths.every((width) => width >= slow),
    `${samples}, each ${slow} ns or more`,
    widths,
  );

  device.faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: readsOf('microsecondsLow') }] });
  const [beside] = await askPtp({ vm, trace }, path, `extended:${samples}`);
  device.faults.clear();
  const apart = beside === undefined ? [] : bracketsOf(beside);
  const gaps = apart.slice(1).map(({ before }, index) => before - (apart[index]?.after ?? before));
  check('shows-ptp-time').that(
    `gaps between brackets where the microseconds take ${slowMs} ms to read`,
    gaps.length === samples - 1 && gaps.every((gap) => gap >= slow),
    `${samples - 1}, each ${slow} ns or more`,
    gaps,
  );

  device.faults.set({ faults: [{ kind: 'delay', ms: contendedMs, when: readsOf('secondsLow') }] });
  const mark = trace.mark;
  const text = await vm.shell.text(`
    for reader in $(seq ${readers}); do
      ptp ${path} repeat:${readings} extended >/run/reader.$reader &
    done
    wait
    cat /run/reader.*`);
  device.faults.clear();
  const brackets = text.split('\n').map(parseAnswer).flatMap(bracketsOf);
  const sampled = trace.since(mark, 'sample').map(({ us }) => BigInt(us as bigint) * 1000n);
  const times = brackets.map(({ time }) => time).sort((left, right) => (left < right ? -1 : 1));
  check('shows-ptp-time').equal('readings', times.length, readers * readings);
  check('shows-ptp-time').equal('times of the readings, compared with the samples', times, sampled);

  // The device takes one sample at a time, so the brackets must not overlap and are in the order of the
  // samples.
  const ordered = [...brackets].sort((left, right) => (left.time < right.time ? -1 : 1));
  const overlaps = ordered.filter(
    ({ before }, index) => index > 0 && before < (ordered[index - 1]?.after ?? 0n),
  );
  check('shows-ptp-time').equal(
    'brackets that begin before the one of the sample before has ended',
    overlaps,
    [],
  );
  check('shows-ptp-time').equal(
    'brackets that end before they begin',
    brackets.filter(({ before, after }) => after < before),
    [],
  );
});
