import t from 'tap';
import { Trace } from '../../harness/base/trace.js';
import type { Scene } from '../../harness/scenario/scene.js';
import { registers } from '../../harness/vmmci/registers.js';
import {
  countReadings,
  medianWidth,
  offsetWithin,
  stepMidCorrection,
  synchronisedMeasurements,
} from './clock-client.js';

t.test('estimates the width of readings from the times between accesses', async (t) => {
  const groups = [0, 100, 300, 350, 250_000, 250_120, 250_130].map((at) => ({ at }));
  t.equal(medianWidth(groups, 250), 101_000n, 'the first reading of a group is left out');
  t.equal(medianWidth([{ at: 5 }], 250), 1000n, 'one reading has no width');
});

t.test('limits the offset by every bracket, with whole microseconds of the device', async (t) => {
  const brackets = [
    { before: 10_000n, time: 12_000n, after: 19_000n },
    { before: 30_500n, time: 31_000n, after: 42_000n },
  ];
  t.strictSame(offsetWithin(brackets), { low: -1500n, high: 7000n });
});

t.test(
  'takes a clock for synchronised if the last corrections leave it within the widest of their readings',
  async (t) => {
    const measurement = (second: number, offset: bigint, width = 100n) => ({
      at: second * 1_000_000,
      low: offset - 10n,
      high: offset + 10n,
      width,
    });
    const series = (offsets: readonly bigint[]) =>
      offsets.map((offset, second) => measurement(second, offset));
    const good = Array.from({ length: 16 }, () => 0n);
    t.equal(synchronisedMeasurements(series(good.slice(1)), 0n), undefined, 'too few');
    t.equal(synchronisedMeasurements(series(good), 0n)?.length, 16);
    t.equal(
      synchronisedMeasurements(series([5000n, ...good]), 0n)?.length,
      16,
      'earlier offsets do not matter',
    );
    for (const off of [111n, -111n])
      t.equal(synchronisedMeasurements(series([...good.slice(1), off]), 0n), undefined, `off by ${off} ns`);
    for (const off of [110n, -110n])
      t.equal(
        synchronisedMeasurements(series([...good.slice(1), off]), 0n)?.length,
        16,
        `off by ${off} ns at most`,
      );
    const wide = [...series(good.slice(1)), measurement(15, 300n, 290n)];
    t.equal(synchronisedMeasurements(wide, 0n)?.length, 16, 'the width is that of the widest');
  },
);

t.test(
  'takes a clock for synchronised only after an uncorrected clock would have left the range',
  async (t) => {
    const measurements = (count: number) =>
      Array.from({ length: count }, (_, second) => ({
        at: second * 1_000_000,
        low: -10n,
        high: 10n,
        width: 1000n,
      }));
    // The range is 2 × 1000 + 20 ns wide; a clock that is 100 ppb off takes 20.2 s for it.
    for (const ppb of [100n, -100n]) {
      t.equal(synchronisedMeasurements(measurements(21), ppb), undefined);
      t.equal(synchronisedMeasurements(measurements(22), ppb)?.length, 22);
      t.equal(synchronisedMeasurements(measurements(60), ppb)?.length, 22, 'no more of them than necessary');
    }
  },
);

t.test('steps in the middle of a correction, counting only the readings of the client', async (t) => {
  const trace = new Trace();
  const read = (times: number, offset: number = registers.microsecondsLow.offset): void => {
    for (let left = times; left > 0; left--) trace.sink({ kind: 'bar-read', offset, width: 4, value: 0 });
  };
  const taken = countReadings(trace);
  const client = { name: 'client', device: '/dev/ptp0', everyMs: 250, readings: 5, groups: 4, taken };
  const steps: { awaited: number; seen: unknown; expected: unknown }[] = [];
  const step = async (late = 0): Promise<void> => {
    let awaited = 0;
    let stepped = 0;
    const until = async (_: unknown, __: unknown, ___: unknown, times: number) => {
      awaited = times;
      read(times + late);
    };
    const equal = (_: string, seen: unknown, expected: unknown) => steps.push({ awaited, seen, expected });
    const scene = { trace, until, check: () => ({ equal }) } as unknown as Scene;
    await stepMidCorrection(scene, client, () => {
      stepped += 1;
    });
    t.equal(stepped, 1);
  };

  await step();
  for (const name of ['secondsLow', 'isr'] as const) read(3, registers[name].offset);
  await step();
  read(7);
  await step();
  for (let count = 0; count < 25; count++) {
    read(1);
    trace.sink({ kind: 'ptp-reading', before: 0n, time: 0n, after: 0n });
  }
  read(17);
  await step();
  await step(1);
  t.strictSame(steps, [
    { awaited: 10, seen: 10, expected: 10 },
    { awaited: 20, seen: 10, expected: 10 },
    { awaited: 13, seen: 10, expected: 10 },
    { awaited: 3, seen: 10, expected: 10 },
    { awaited: 20, seen: 11, expected: 10 },
  ]);
});
