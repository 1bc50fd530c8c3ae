// The driver shows exactly the time of the device's clock, also at the limits of what the registers can hold.

import { showEach, showInstant } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import {
  accesses,
  clockAccesses,
  plainReadings,
  samples,
  wholeReadings,
} from '../harness/scenario/traffic.js';
import { frozen } from '../harness/vmmci/clock.js';
import { parseInstant } from '../harness/vmmci/instant.js';

const instants = [
  '2026-11-22T12:34:56.123456Z',
  '2026-11-22T12:34:57.000000Z',
  '2026-11-22T12:34:57.999999Z',
  '2028-02-29T23:59:59.000007Z',
  '2038-01-19T03:14:07.999999Z',
  '2038-01-19T03:14:08.000000Z',
  '2106-02-07T06:28:15.999999Z',
  '1970-01-01T00:00:00.000001Z',
];

scenario('clock-driver', { clock: `frozen:${instants[0]}` }, async ({ check, driver, device, trace }) => {
  for (const instant of instants) {
    device.clock.set(frozen(parseInstant(instant)));
    check('shows-host-time').equal(
      `host time at ${instant}`,
      await driver.hostTime(),
      parseInstant(instant),
      showInstant,
    );
  }

  const mark = trace.mark;
  await driver.hostTime();
  const read = clockAccesses(trace, mark);
  check('reads-clock-in-words').equal('accesses to the clock for one time', read, wholeReadings(read, 1));
  const all = accesses(trace, mark).filter((access) => /seconds/.test(access));
  check('no-needless-accesses').equal('all accesses for one time', all, plainReadings(1));
});

scenario('clock-running', { clock: 'running:2031-05-06T07:08:09Z' }, async ({ check, driver, trace }) => {
  const seen: bigint[] = [];
  const mark = trace.mark;
  for (let reading = 0; reading < 10; reading++) seen.push(await driver.hostTime());
  const sampled = samples(trace, mark);
  check('shows-host-time').equal(
    'readings that are not samples of the device',
    seen.filter((value) => !sampled.has(value)),
    [],
    showEach(showInstant),
  );
  check('shows-host-time').equal('distinct readings', new Set(seen).size, seen.length);
});
