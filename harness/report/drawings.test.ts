import t from 'tap';
import type { TraceEvent } from '../base/trace.js';
import { hostile } from '../testing/report-sample.js';
import { readMarkup } from '../testing/well-formed.js';
import { drawDrift, driftOf } from './drift-plot.js';
import { drawLanes, stepOf, timeLabel } from './lanes.js';
import { milestonesOf, overheadOf } from './milestones.js';

const trace = (...events: readonly (readonly [at: number, data: Omit<TraceEvent, 'seq' | 'at'>])[]) =>
  events.map(([at, data], seq) => ({ seq, at, ...data }) as TraceEvent);

const restored = trace(
  [1000, { kind: 'shell', command: 'before QEMU: of another guest' }],
  [33_000, { kind: 'qemu-exec' }],
  [113_000, { kind: 'qemu-start' }],
  [169_000, { kind: 'qmp-event', event: 'MIGRATION', data: '{"status":"completed"}' }],
  [205_000, { kind: 'qmp-event', event: 'RESUME' }],
  [783_000, { kind: 'shell', command: 'true' }],
  [1_200_000, { kind: 'status', value: 3 }],
  [1_677_000, { kind: 'status', value: 7 }],
);

t.test('how a guest came up: each moment after the one before, those that came', async (t) => {
  t.strictSame(
    milestonesOf(restored).map(({ ms }) => ms),
    [33, 113, 169, 205, 783, 1677],
  );
  t.equal(overheadOf(restored), 750);
  const booted = restored.filter(({ event }) => event !== 'MIGRATION');
  t.equal(overheadOf(booted), undefined, 'a boot is no restore');
  t.strictSame(milestonesOf([]), []);
});

t.test('lanes: well-formed, whatever the guest says; what is wrong stands out', async (t) => {
  const events = trace(
    [0, { kind: 'console', line: hostile }],
    [10, { kind: 'check', result: 'ok', what: 'a' }],
    [11, { kind: 'check', result: 'not ok', what: hostile }],
    [5000, { kind: 'bar-read', offset: 0, width: 4, value: 7 }],
    [5001, { kind: 'bar-read', offset: 4, width: 4, value: 7 }],
    [1_000_000, { kind: 'unheard-of' }],
  );
  const svg = drawLanes(events);
  const { problem, counts } = readMarkup(svg);
  t.equal(problem, undefined);
  t.equal(counts.svg, 1);
  t.equal(counts.path, 1, 'the check that failed, although another one is in the same place');
  t.equal(counts.rect, 3, 'of two reads in one place, one');
  for (const name of ['checks (2)', 'console (1)', 'registers (2)']) t.ok(svg.includes(`>${name}<`), name);
  t.notMatch(svg, '>host (', 'no lane without events');
  t.equal(drawLanes([]), '');
});

t.test('axes: four to ten marks, round ones', async (t) => {
  for (const end of [1, 900, 12_345, 2_500_000, 600_000_000]) {
    const marks = end / stepOf(end);
    t.ok(marks >= 0.9 && marks <= 10, `${end}: ${marks}`);
  }
  t.equal(timeLabel(2_000_000, 1_000_000), '2 s');
  t.equal(timeLabel(1500, 500), '1.5 ms');
  t.equal(timeLabel(200_000, 50_000), '200 ms');
});

t.test('clocks: the device’s against elapsed time, and what the driver told', async (t) => {
  const events = trace(
    [1_000_000, { kind: 'sample', us: 5_000_000_000 }],
    [2_000_000, { kind: 'sample', us: 5_001_000_000 }],
    [2_100_000, { kind: 'reading', what: 'drift', value: '-7200000000000' }],
    [2_200_000, { kind: 'reading', what: 'host-time', value: 5 }],
    [3_000_000, { kind: 'sample', us: 5_012_000_000 }],
  );
  t.strictSame(driftOf(events), {
    device: [
      { ms: 1000, value: 0 },
      { ms: 2000, value: 0 },
      { ms: 3000, value: 10 },
    ],
    told: [{ ms: 2100, value: -7200 }],
  });
  const plot = drawDrift(events);
  const { problem, counts } = readMarkup(plot);
  t.equal(problem, undefined);
  t.match(counts, { polyline: 1, circle: 3, svg: 1 });
  t.match(plot, '>-2 h<');
  t.equal(drawDrift(events.slice(0, 1)), '', 'one point is no plot');
});
