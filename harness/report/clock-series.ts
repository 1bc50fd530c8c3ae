// What the clocks did during a scenario: the device's against the time that passed, the guest's against the device's.
import type { TraceEvent } from '../base/trace.js';

export interface Point {
  /** Milliseconds since the scenario began. */
  readonly ms: number;
  readonly value: number;
}

export interface ClockSeries {
  /** Seconds: the device's clock less the time that has passed since its first sample. Flat while it runs at the right rate. */
  readonly device: readonly Point[];
  /** Seconds: the guest's clock less the device's, as the driver showed it. */
  readonly offset: readonly Point[];
  /** Parts per million by which the device's clock gains on the time that passes, between two samples. */
  readonly deviceRate: readonly Point[];
  /** Parts per million by which the guest's clock gains on the device's, between two readings. */
  readonly guestRate: readonly Point[];
}

/** Two readings that are closer together say more about how long a reading takes than about a rate. */
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
  // The driver shows host − guest, in ns.
  const offset = events
    .filter((event) => event.kind === 'reading')
    .filter(({ what }) => what === 'drift')
    .map(({ at, value }) => ({ ms: at / 1000, value: 0 - Number(value) / 1e9 }));
  return { device, offset, deviceRate: rateOf(device), guestRate: rateOf(offset) };
};

/** At most `max` points: the first, the last, and the extremes of equal stretches in between, in order. */
export const thin = (points: readonly Point[], max: number): readonly Point[] => {
  if (points.length <= max) return points;
  const stretches = Math.max(1, Math.floor((max - 2) / 2));
  const kept = new Set<Point | undefined>([points[0], points.at(-1)]);
  for (let index = 0; index < stretches; index++) {
    const part = points.slice(
      Math.floor((points.length * index) / stretches),
      Math.floor((points.length * (index + 1)) / stretches),
    );
    kept.add(part.reduce((low, point) => (point.value < low.value ? point : low)));
    kept.add(part.reduce((high, point) => (point.value > high.value ? point : high)));
  }
  return points.filter((point) => kept.has(point));
};
