// Plots clocks over time as SVG: offsets in seconds, and below them rates in parts per million.

import { duration } from '../base/duration.js';
import type { TraceEvent } from '../base/trace.js';
import { clockSeriesOf, type Point, thin } from './clock-series.js';
import { stepOf, timeLabel } from './lanes.js';

interface Series {
  /** Also the CSS class. */
  readonly name: 'device' | 'guest' | 'ptp';
  readonly what: string;
  readonly points: readonly Point[];
}

interface Plot {
  readonly label: string;
  readonly series: readonly Series[];
  readonly show: (value: number) => string;
}

const width = 1000;
const height = 160;
const left = 130;
const bottom = 24;

/** `250 ppm`, `-40.1 ppm`. */
const rate = (ppm: number): string => `${Number(ppm.toPrecision(3))} ppm`;

/** Minimum and range of a coordinate. */
const spanOf = (points: readonly Point[], pick: (point: Point) => number): [low: number, length: number] => {
  const values = points.map(pick);
  const low = values.reduce((left, right) => Math.min(left, right));
  return [low, values.reduce((left, right) => Math.max(left, right)) - low];
};

const drawPlot = ({ label, series, show }: Plot, maxPoints: number): string => {
  const shown = series.map((line) => ({ ...line, points: thin(line.points, maxPoints) }));
  const all = shown.flatMap(({ points }) => points);
  if (all.length < 2) return '';
  const [begin, length] = spanOf(all, ({ ms }) => ms);
  const [low, range] = spanOf([...all, { ms: begin, value: 0 }], ({ value }) => value);
  const high = low + range;
  const x = (ms: number): string =>
    (left + 12 + ((width - left - 40) * (ms - begin)) / (length || 1)).toFixed(1);
  const y = (value: number): string =>
    (8 + ((height - bottom - 16) * (high - value)) / (range || 1)).toFixed(1);
  // Labels that are closer than their height would overlap.
  const levels = [low, high, 0].filter(
    (value, index, earlier) =>
      !earlier.slice(0, index).some((other) => Math.abs(Number(y(other)) - Number(y(value))) < 16),
  );
  const step = stepOf(Math.max(1, length) * 1000) / 1000;
  const first = Math.ceil(begin / step);
  const marks = Array.from(
    { length: Math.floor((begin + length) / step) - first + 1 },
    (_, index) => (first + index) * step,
  );
  const drawn = shown.flatMap(({ name, what, points }) => [
    points.length > 1
      ? `<polyline class="${name}" points="${points.map(({ ms, value }) => `${x(ms)},${y(value)}`).join(' ')}"/>`
      : '',
    ...points.map(
      ({ ms, value }) =>
        `<circle class="${name}" cx="${x(ms)}" cy="${y(value)}" r="3"><title>${what} ${show(value)} at ${ms.toFixed(1)} ms</title></circle>`,
    ),
  ]);
  return [
    `<svg class="clocks" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">`,
    ...levels.map(
      (value) =>
        `<line class="grid" x1="${left}" x2="${width}" y1="${y(value)}" y2="${y(value)}"/><text x="${left - 8}" y="${Number(y(value)) + 4}" text-anchor="end">${show(value)}</text>`,
    ),
    ...marks.map(
      (ms) =>
        `<text x="${x(ms)}" y="${height - 4}" text-anchor="middle">${timeLabel(ms * 1000, step * 1000)}</text>`,
    ),
    ...drawn,
    '</svg>',
  ]
    .filter((part) => part !== '')
    .join('\n');
};

/** Solid and dashed lines are distinguishable without colour. */
const legend = (series: readonly Series[]): string => {
  const signs = { device: '●—', guest: '●- -', ptp: '●···' };
  const parts = series
    .filter(({ points }) => points.length > 0)
    .map(
      ({ name, what, points }) =>
        `<span class="key-${name}">${signs[name]}</span> ${what} (${points.length})`,
    );
  return `<p class="note">${parts.join(' · ')}</p>`;
};

/** SVGs of offset and frequency; empty with fewer than two readings of a clock. */
export const drawClocks = (events: readonly TraceEvent[], maxPoints: number): string => {
  const { device, offset, ptpOffset, deviceRate, guestRate, ptpRate } = clockSeriesOf(events);
  const plots: readonly Plot[] = [
    {
      label: 'offset over time',
      show: duration,
      series: [
        { name: 'device', what: 'offset of the device against elapsed time', points: device },
        { name: 'guest', what: 'offset of the guest against the device, by the driver', points: offset },
        { name: 'ptp', what: 'offset of the guest against the device, by its PTP clock', points: ptpOffset },
      ],
    },
    {
      label: 'frequency over time',
      show: rate,
      series: [
        { name: 'device', what: 'frequency of the device against elapsed time', points: deviceRate },
        {
          name: 'guest',
          what: 'frequency of the guest against the device, by the driver',
          points: guestRate,
        },
        { name: 'ptp', what: 'frequency of the guest against the device, by its PTP clock', points: ptpRate },
      ],
    },
  ];
  return plots
    .flatMap((plot) => {
      const svg = drawPlot(plot, maxPoints);
      return svg === '' ? [] : [svg, legend(plot.series)];
    })
    .join('\n');
};
