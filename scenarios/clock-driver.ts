// The driver shows the device's clock, exactly, wherever it stands.
import { scenario } from '../harness/scenario/scenario.js';
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

const microseconds = (instant: string): bigint => {
  const value = parseInstant(instant);
  if (typeof value === 'string') throw new Error(value);
  return value;
};

scenario('clock-driver', { clock: `frozen:${instants[0]}` }, async ({ check, driver, device, trace }) => {
  for (const instant of instants) {
    device.clock.set(frozen(microseconds(instant)));
    check.equal(`host_time at ${instant}`, await driver.hostTime(), microseconds(instant));
  }

  const mark = trace.mark;
  await driver.hostTime();
  const reads = trace.since(mark, 'bar-read').filter(({ offset }) => Number(offset) >= 24);
  check.equal(
    'every access to the clock is of 32 bits',
    reads.map(({ width }) => width),
    reads.map(() => 4),
  );
});

scenario('clock-running', { clock: 'running:2031-05-06T07:08:09Z' }, async ({ check, driver, trace }) => {
  const seen: bigint[] = [];
  const mark = trace.mark;
  for (let reading = 0; reading < 10; reading++) seen.push(await driver.hostTime());
  const samples = new Set(trace.since(mark, 'sample').map(({ us }) => us));
  check.equal(
    'readings that are no sample of the device',
    seen.filter((value) => !samples.has(value)),
    [],
  );
  check.equal('different readings', new Set(seen).size, seen.length);
});
