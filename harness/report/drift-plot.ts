// What the clocks did during a scenario: the device's against the trace's own, and the drift that the driver told.
import { duration } from '../base/duration.js';
import type { TraceEvent } from '../base/trace.js';
import { stepOf, timeLabel } from './lanes.js';

export interface Point {
  /** Milliseconds since the scenario began. */
  readonly ms: number;
  /** Seconds. */
  readonly value: number;
}

export interface DriftSeries {
  /** The device's clock less the time that has passed, from the first sample on: flat while it runs, falling while it stands still. */
  readonly device: readonly Point[];
  /** Host − guest, as the driver under test told it. */
  readonly told: readonly Point[];
}

/** `value` may have become a string where a number would not be exact. */
const numberOf = (value: unknown): number =>
  typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;

export const driftOf = (events: readonly TraceEvent[]): DriftSeries => {
  const samples = events.filter(({ kind, us }) => kind === 'sample' && Number.isFinite(numberOf(us)));
  const [first] = samples;
  const device = samples.map(({ at, us }) => ({
    ms: at / 1000,
    value: (numberOf(us) - numberOf(first?.us) - (at - (first?.at ?? 0))) / 1e6,
  }));
  const told = events
    .filter(
      ({ kind, what, value }) => kind === 'reading' && what === 'drift' && Number.isFinite(numberOf(value)),
    )
    .map(({ at, value }) => ({ ms: at / 1000, value: numberOf(value) / 1e9 }));
  return { device, told };
};

const width = 1000;
const height = 220;
const left = 130;
const bottom = 24;

/** An SVG of both series over the same time; empty with fewer than two points in all. */
export const drawDrift = (events: readonly TraceEvent[]): string => {
  const { device, told } = driftOf(events);
  const all = [...device, ...told];
  if (all.length < 2) return '';
  // From the first point to the last, which may be a small part of the scenario.
  const times = all.map(({ ms }) => ms);
  const begin = Math.min(...times);
  const length = Math.max(1, Math.max(...times) - begin);
  const values = all.map(({ value }) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const span = high - low || 1;
  const x = ({ ms }: Pick<Point, 'ms'>): string =>
    (left + 12 + ((width - left - 40) * (ms - begin)) / length).toFixed(1);
  const y = (value: number): string => (8 + ((height - bottom - 16) * (high - value)) / span).toFixed(1);
  // Labels closer than their height would cover each other.
  const levels = [low, high, 0].filter(
    (value, index, earlier) =>
      !earlier.slice(0, index).some((other) => Math.abs(Number(y(other)) - Number(y(value))) < 16),
  );
  const mark = (value: number): string =>
    `<line class="grid" x1="${left}" x2="${width}" y1="${y(value)}" y2="${y(value)}"/><text x="${left - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${duration(value)}</text>`;
  const step = stepOf(length * 1000) / 1000;
  const first = Math.ceil(begin / step);
  const marks = Array.from(
    { length: Math.floor((begin + length) / step) - first + 1 },
    (_, index) => (first + index) * step,
  );
  const titled = (point: Point, what: string): string =>
    `<title>${what} ${duration(point.value)} at ${point.ms.toFixed(1)} ms</title>`;
  return [
    `<svg class="drift" viewBox="0 0 ${width} ${height}" role="img" aria-label="clocks over time">`,
    ...levels.map(mark),
    ...marks.map(
      (ms) =>
        `<text x="${x({ ms })}" y="${height - 4}" text-anchor="middle">${timeLabel(ms * 1000, step * 1000)}</text>`,
    ),
    device.length > 1
      ? `<polyline class="device" points="${device.map((point) => `${x(point)},${y(point.value)}`).join(' ')}"/>`
      : '',
    ...device.map(
      (point) =>
        `<circle class="device" cx="${x(point)}" cy="${y(point.value)}" r="3">${titled(point, 'device clock')}</circle>`,
    ),
    ...told.map(
      (point) =>
        `<rect class="told" x="${Number(x(point)) - 4}" y="${Number(y(point.value)) - 4}" width="8" height="8">${titled(point, 'drift')}</rect>`,
    ),
    '</svg>',
    `<p class="note">● device clock, less the time that has passed since its first sample (${device.length}) · ■ host − guest, as the driver told it (${told.length})</p>`,
  ]
    .filter((part) => part !== '')
    .join('\n');
};
