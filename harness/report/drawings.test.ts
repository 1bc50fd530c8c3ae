import t from 'tap';
import type { TraceData, TraceEvent } from '../base/trace.js';
import { hostile } from '../testing/report-sample.js';
import { readMarkup } from '../testing/well-formed.js';
import { drawClocks } from './clock-plot.js';
import { clockSeriesOf, thin } from './clock-series.js';
import { drawLanes, stepOf, timeLabel } from './lanes.js';
import { milestonesOf, overheadOf } from './milestones.js';

const trace = (...events: readonly (readonly [at: number, data: TraceData])[]): TraceEvent[] =>
  events.map(([at, data], seq) => ({ seq, at, ...data }));

/** Event kinds of several lanes in turn. */
const stormEvent = (at: number): TraceData => {
  const events: readonly TraceData[] = [
    { kind: 'bar-read', offset: 0, width: 4, value: 7 },
    { kind: 'check', result: 'not ok', requirement: 'shows-host-time', what: 'x'.repeat(500) },
    { kind: 'timer', name: 'ack', event: 'expired', ms: 3000 },
    { kind: 'console', line: '<&>'.repeat(500) },
    { kind: 'ack', value: 3, effect: 'cleared' },
    { kind: 'interrupt', line: 'raise', isr: 2 },
    { kind: 'sample', us: BigInt(at * 49) },
    { kind: 'reading', what: 'drift', value: BigInt(at) },
  ];
  return events[at % events.length] ?? { kind: 'reset' };
};

const restored = trace(
  [1000, { kind: 'shell', command: 'before QEMU: from another guest', status: 0 }],
  [33_000, { kind: 'qemu-exec' }],
  [113_000, { kind: 'qemu-start', version: '11.1.3' }],
  [169_000, { kind: 'qmp-event', event: 'MIGRATION', data: '{"status":"completed"}' }],
  [205_000, { kind: 'qmp-event', event: 'RESUME', data: '{}' }],
  [783_000, { kind: 'shell', command: 'true', status: 0 }],
  [1_200_000, { kind: 'status', value: 3 }],
  [1_677_000, { kind: 'status', value: 7 }],
);

t.test('milestones are found in order, those that were not reached are left out', async (t) => {
  t.strictSame(
    milestonesOf(restored).map(({ ms }) => ms),
    [33, 113, 169, 205, 783, 1677],
  );
  t.equal(overheadOf(restored), 750);
  const booted = restored.filter((event) => event.kind !== 'qmp-event' || event.event !== 'MIGRATION');
  t.equal(overheadOf(booted), undefined, 'a boot has no restore overhead');
  t.strictSame(milestonesOf([]), []);
});

t.test('lanes are well-formed for any guest output, and failures stand out', async (t) => {
  const events = trace(
    [0, { kind: 'console', line: hostile }],
    [10, { kind: 'check', result: 'ok', requirement: 'shows-host-time', what: 'a' }],
    [11, { kind: 'check', result: 'not ok', requirement: 'shows-host-time', what: hostile }],
    [5000, { kind: 'bar-read', offset: 0, width: 4, value: 7 }],
    [5001, { kind: 'bar-read', offset: 4, width: 4, value: 7 }],
    [1_000_000, { kind: 'phase', name: 'in no lane' }],
  );
  const svg = drawLanes(events, 'full');
  const { problem, counts } = readMarkup(svg);
  t.equal(problem, undefined);
  t.equal(counts.svg, 1);
  t.equal(counts.path, 4, 'two reads at one time share a mark, and the failed check keeps its own');
  t.equal(svg.match(/class="bad"/g)?.length, 1);
  for (const name of ['checks (2)', 'console (1)', 'registers (2)']) t.ok(svg.includes(`>${name}<`), name);
  t.notMatch(svg, '>host (', 'lanes without events are left out');
  t.equal(drawLanes([], 'full'), '');
});

t.test('axes have up to ten marks at round values', async (t) => {
  for (const end of [1, 900, 12_345, 2_500_000, 600_000_000]) {
    const marks = end / stepOf(end);
    t.ok(marks >= 0.9 && marks <= 10, `${end}: ${marks}`);
  }
  t.equal(timeLabel(2_000_000, 1_000_000), '2 s');
  t.equal(timeLabel(1500, 500), '1.5 ms');
  t.equal(timeLabel(200_000, 50_000), '200 ms');
});

t.test(
  'clocks show offset and frequency of the device against time, and of the guest against the device',
  async (t) => {
    const events = trace(
      [1_000_000, { kind: 'sample', us: 5_000_000_000n }],
      [2_000_000, { kind: 'sample', us: 5_001_000_250n }],
      [2_100_000, { kind: 'reading', what: 'drift', value: -7_200_000_000_000n }],
      [2_200_000, { kind: 'reading', what: 'host-time', value: 5n }],
      [3_000_000, { kind: 'sample', us: 5_002_000_500n }],
      [3_005_000, { kind: 'sample', us: 5_002_005_501n }],
      [4_100_000, { kind: 'reading', what: 'drift', value: -7_200_000_100_000n }],
    );
    const { device, deviceRate, offset, guestRate } = clockSeriesOf(events);
    t.strictSame(device, [
      { ms: 1000, value: 0 },
      { ms: 2000, value: 0.00025 },
      { ms: 3000, value: 0.0005 },
      { ms: 3005, value: 0.000501 },
    ]);
    t.strictSame(
      deviceRate.map(({ ms, value }) => [ms, Math.round(value)]),
      [
        [2000, 250],
        [3000, 250],
      ],
      'samples that are too close together give no rate',
    );
    t.strictSame(offset, [
      { ms: 2100, value: 7200 },
      { ms: 4100, value: 7200.0001 },
    ]);
    t.strictSame(
      guestRate.map(({ value }) => Math.round(value)),
      [50],
    );
    const plot = drawClocks(events, 100);
    const { problem, counts } = readMarkup(plot);
    t.equal(problem, undefined);
    t.match(counts, { polyline: 3, circle: 9, svg: 2 });
    t.match(plot, '>2 h<');
    t.match(plot, '>250 ppm<');
    t.equal(drawClocks(events.slice(0, 1), 100), '', 'one point gives no plot');
  },
);

t.test('readings of the PTP clock show offset and frequency, each at its sample', async (t) => {
  const reading = (us: bigint, ahead: bigint, width: bigint): TraceData => ({
    kind: 'ptp-reading',
    before: us * 1000n + ahead - width / 2n,
    time: us * 1000n,
    after: us * 1000n + ahead + width / 2n,
  });
  const events = trace(
    [1_000_000, { kind: 'sample', us: 5_000_000_000n }],
    [1_001_000, { kind: 'sample', us: 5_000_001_000n }],
    [1_900_000, reading(5_000_000_000n, 2_000_000n, 800n)],
    [1_900_001, reading(5_000_001_000n, 3_000_000n, 600n)],
    [3_001_000, { kind: 'sample', us: 5_002_001_000n }],
    [3_900_000, reading(5_002_001_000n, 3_400_000n, 800n)],
    [4_001_000, { kind: 'sample', us: 5_003_001_000n }],
    [4_900_000, reading(5_003_001_000n, 3_600_000_000_000n, 800n)],
  );
  const { ptpOffset, ptpRate, offset } = clockSeriesOf(events);
  t.strictSame(offset, []);
  t.strictSame(
    ptpOffset,
    [
      { ms: 1001, value: 0.003 },
      { ms: 3001, value: 0.0034 },
      { ms: 4001, value: 3600 },
    ],
    'of readings that are close to each other the narrowest',
  );
  t.strictSame(
    ptpRate.map(({ ms, value }) => [ms, Math.round(value)]),
    [[3001, 200]],
    'a step is not a frequency',
  );
  const plot = drawClocks(events, 100);
  t.equal(readMarkup(plot).problem, undefined);
  t.match(plot, 'by its PTP clock (3)');
  t.match(plot, 'class="ptp"');
});

t.test('drawings of an event storm are bounded and keep extreme values', async (t) => {
  const points = Array.from({ length: 100_000 }, (_, ms) => ({
    ms,
    value: ms === 54_321 ? 9 : Math.sin(ms),
  }));
  const kept = thin(points, 100);
  t.ok(kept.length <= 100);
  t.ok(kept.some(({ value }) => value === 9));
  t.strictSame([kept[0], kept.at(-1)], [points[0], points.at(-1)]);
  const storm = Array.from(
    { length: 200_000 },
    (_, seq) => ({ seq, at: seq * 50, ...stormEvent(seq) }) as TraceEvent,
  );
  t.ok(drawLanes(storm, 'brief').length < 12_000, String(drawLanes(storm, 'brief').length));
  t.ok(drawLanes(storm, 'full').length < 900_000, String(drawLanes(storm, 'full').length));
  t.ok(drawClocks(storm, 12).length < 10_000, String(drawClocks(storm, 12).length));
});
