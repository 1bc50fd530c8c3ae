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
  /** Parts per million by which the device's clock runs fast against elapsed time, between two samples. */
  readonly deviceRate: readonly Point[];
  /** Parts per million by which the guest's clock runs fast against the device's, between two readings. */
  readonly guestRate: readonly Point[];
}

/** For closer readings, the duration of a reading would dominate the rate. */
const minRateMs = 10;

/** The slope between points that are far enough apart, at the later of the two. */
const rateOf = (points: readonly Point[]): Point[] => {
  const rates: Point[] = [];
  let [from] = points;
  for (const point of points) {
    if (from === undefined || point.ms - from.ms < minRateMs) continue;
    rates.push({ ms: point.ms, value: ((point.value - from.value) / (point.ms - from.ms)) * 1e9 });
    from = point;
  }
  return rates;
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
  return { device, offset, deviceRate: rateOf(device), guestRate: rateOf(offset) };
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
