// Time series of the clocks in a scenario: the device's clock against elapsed time, the guest's clock against
// the device's.

import type { TraceEvent } from '../base/trace.js';

export interface Point {
  /** Milliseconds since the scenario began. */
  readonly ms: number;
  readonly value: number;
}

export interface ClockSeries {
  /**
   * Seconds: device clock minus the time elapsed since its first sample. Constant while the rate is right.
   */
  readonly device: readonly Point[];
  /** Seconds: guest clock minus device clock, as the driver reports it. */
  readonly offset: readonly Point[];
  /** The same by readings of the PTP clock: the middle of the narrowest of those close to each other. */
  readonly ptpOffset: readonly Point[];
  /** Parts per million by which the device's clock runs fast against elapsed time, between two samples. */
  readonly deviceRate: readonly Point[];
  /** Parts per million by which the guest's clock runs fast against the device's, between two readings. */
  readonly guestRate: readonly Point[];
  /** The same by readings of the PTP clock. */
  readonly ptpRate: readonly Point[];
}

/** For closer readings, the duration of a reading would dominate the rate. */
const minRateMs = 10;

/** Parts per million. A clock that changes faster than by 10 % was stepped: that is not a frequency. */
const maxRate = 100_000;

/** The slope between points that are far enough apart, at the later of the two. */
const rateOf = (points: readonly Point[]): Point[] => {
  const rates: Point[] = [];
  let [from] = points;
  for (const point of points) {
    if (from === undefined || point.ms - from.ms < minRateMs) continue;
    const value = ((point.value - from.value) / (point.ms - from.ms)) * 1e9;
    if (Math.abs(value) <= maxRate) rates.push({ ms: point.ms, value });
    from = point;
  }
  return rates;
};

/**
 * Readings of the PTP clock, each at the moment when the device took the sample: the guest reports several
 * readings at once, after the last of them.
 */
const ptpOffsetOf = (
  readings: readonly TraceEvent<'ptp-reading'>[],
  samples: readonly TraceEvent<'sample'>[],
): Point[] => {
  const sampledAt = new Map(samples.map(({ at, us }) => [us, at]));
  const narrowest: { point: Point; width: bigint }[] = [];
  for (const { at, before, time, after } of readings) {
    const ms = (sampledAt.get(time / 1000n) ?? at) / 1000;
    const width = after - before;
    const last = narrowest.at(-1);
    const isClose = last !== undefined && ms - last.point.ms < minRateMs;
    if (isClose && width >= last.width) continue;
    if (isClose) narrowest.pop();
    narrowest.push({ point: { ms, value: Number(before + width / 2n - time) / 1e9 }, width });
  }
  return narrowest.map(({ point }) => point);
};

export const clockSeriesOf = (events: readonly TraceEvent[]): ClockSeries => {
  const samples = events.filter((event) => event.kind === 'sample');
  const [first] = samples;
  const device = samples.map(({ at, us }) => ({
    ms: at / 1000,
    value: (Number(us - (first?.us ?? 0n)) - (at - (first?.at ?? 0))) / 1e6,
  }));
  // The driver reports host − guest, in ns.
  const offset = events
    .filter((event) => event.kind === 'reading')
    .filter(({ what }) => what === 'drift')
    .map(({ at, value }) => ({ ms: at / 1000, value: 0 - Number(value) / 1e9 }));
  const ptpOffset = ptpOffsetOf(
    events.filter((event) => event.kind === 'ptp-reading'),
    samples,
  );
  return {
    device,
    offset,
    ptpOffset,
    deviceRate: rateOf(device),
    guestRate: rateOf(offset),
    ptpRate: rateOf(ptpOffset),
  };
};

/**
 * At most `maxPoints` points, in order: the first, the last, and the extremes of equal intervals in between.
 */
export const thin = (points: readonly Point[], maxPoints: number): readonly Point[] => {
  if (points.length <= maxPoints) return points;
  const intervals = Math.max(1, Math.floor((maxPoints - 2) / 2));
  const kept = new Set<Point | undefined>([points[0], points.at(-1)]);
  for (let index = 0; index < intervals; index++) {
    const interval = points.slice(
      Math.floor((points.length * index) / intervals),
      Math.floor((points.length * (index + 1)) / intervals),
    );
    kept.add(interval.reduce((low, point) => (point.value < low.value ? point : low)));
    kept.add(interval.reduce((high, point) => (point.value > high.value ? point : high)));
  }
  return points.filter((point) => kept.has(point));
};
