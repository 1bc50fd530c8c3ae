// The device's clock drifts, steps and changes its rate. The driver shows its current time exactly, and the
// drift of the guest's clock from it.

import { showEach, showInstant } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { running, scripted } from '../harness/vmmci/clock.js';
import { formatInstant, parseInstant } from '../harness/vmmci/instant.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkDrift } from './shared/check-drift.js';

// A virtual scheduler stops the timers of vmd, whose check of the clock would otherwise send a SYNCRTC.
const options = { scheduler: new VirtualScheduler(), quiet: true } as const;

scenario('clock-drifting', { ...options, clock: 'running@+250ppm' }, async (scene) => {
  const { check, driver, trace } = scene;
  if (driver.showsHostTime) {
    const mark = trace.mark;
    const seen: bigint[] = [];
    for (let reading = 0; reading < 10; reading++) seen.push(await driver.hostTime());
    const sampled = trace.since(mark, 'sample').map(({ us }) => us);
    check('shows-host-time').equal(
      'readings, compared with the samples',
      seen,
      sampled,
      showEach(showInstant),
    );
  }
  for (const when of ['at first', 'later'])
    await checkDrift(scene, `of a device that is 250 ppm fast ${when}`);
});

/** The host's clock when the scripts start. */
const start = parseInstant('2031-05-06T07:08:09.000001Z');

const second = 1_000_000n; // microseconds
const year = 31_556_952n * second;

const script = `{"start": "2031-05-06T07:08:09.000001Z", "rate": "+250ppm", "changes": [
  {"after": 3600, "rate": "-250ppm"},
  {"after": 7200, "step": -1800},
  {"after": 7201, "step": 86400, "rate": "+0.001ppm"},
  {"at": "2031-05-07T09:09:00Z", "step": 0.5}]}`;

/**
 * Microseconds that the host's clock has advanced since the start, and the time that the device's clock shows
 * then.
 */
const scriptedTimes: readonly [hostUs: bigint, shown: string][] = [
  [0n, '2031-05-06T07:08:09.000001Z'],
  [1_000_000_000n, '2031-05-06T07:24:49.250001Z'],
  [3_599_100_224n, '2031-05-06T08:08:09.000000Z'],
  [3_599_100_225n, '2031-05-06T08:08:09.000001Z'],
  [5_000_000_000n, '2031-05-06T08:31:29.549551Z'],
  [7_200_000_449n, '2031-05-06T09:08:09.000000Z'],
  [7_200_000_450n, '2031-05-06T08:38:09.000001Z'],
  [9_001_450_812n, '2031-05-06T09:08:10.000000Z'],
  [9_001_450_813n, '2031-05-07T09:08:10.000001Z'],
  [9_051_450_811n, '2031-05-07T09:08:59.999999Z'],
  [9_051_450_812n, '2031-05-07T09:09:00.500000Z'],
  [100_000_000_000n, '2031-05-08T10:24:49.049279Z'],
];

/** Rates of the device's clock in parts per billion; positive is fast. */
const rates = [250_000n, -250_000n, 1n, -100_000_000n] as const;

scenario('clock-script', { ...options, clock: running(() => start) }, async (scene) => {
  const { check, device, driver } = scene;
  let host = start;
  const now = (): bigint => host;
  const shows = async (expected: bigint, when: string): Promise<void> => {
    if (driver.showsHostTime)
      check('shows-host-time').equal(`host time ${when}`, await driver.hostTime(), expected, showInstant);
    await checkDrift(scene, when);
  };

  // A driver that measures at intervals would take minutes for all instants. The middle one of the script
  // follows a step backwards, and the last rate is negative.
  const isSlow = driver.description.time?.kind === 'sysctl';
  const some = <T>(items: readonly T[]): readonly T[] =>
    isSlow ? items.filter((_, index) => index === items.length >> 1 || index === items.length - 1) : items;

  device.clock.set(scripted(script, now));
  for (const [hostUs, shown] of some(scriptedTimes)) {
    host = start + hostUs;
    await shows(parseInstant(shown), `of a scripted clock ${hostUs} µs after its start`);
  }
  for (const ppb of some(rates)) {
    host = start;
    device.clock.set(running(now, start, ppb));
    for (const passed of some([second, 20n * year])) {
      host = start + passed;
      const expected = start + (passed * (1_000_000_000n + ppb)) / 1_000_000_000n;
      await shows(expected, `of a clock with ${ppb} ppb at ${formatInstant(host)}`);
    }
  }
});
