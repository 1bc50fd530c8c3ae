// Draws a trace as an SVG timeline with one lane for each group of event kinds.

import { shorten } from '../base/text.js';
import type { TraceEvent } from '../base/trace.js';
import { formatEvent } from '../diagnosis/format-event.js';
import { escapeMarkup } from './escape.js';

interface Lane {
  readonly name: string;
  readonly kinds: readonly string[];
}

/** From the test to the device. Event kinds without a lane appear only in the text below the drawing. */
const lanes: readonly Lane[] = [
  { name: 'checks', kinds: ['check'] },
  { name: 'shell', kinds: ['shell', 'reading', 'ptp-reading'] },
  { name: 'console', kinds: ['console'] },
  { name: 'QEMU', kinds: ['qemu-exec', 'qemu-start', 'qemu-exit', 'qmp', 'qmp-event', 'snapshot'] },
  { name: 'config space', kinds: ['config-read', 'config-write', 'reset'] },
  { name: 'registers', kinds: ['bar-read', 'bar-write'] },
  { name: 'interrupts', kinds: ['interrupt', 'irq'] },
  { name: 'device', kinds: ['sample', 'command', 'ack', 'status', 'features'] },
  { name: 'host', kinds: ['timer', 'stop', 'kill', 'pause', 'unpause', 'clock-jump', 'guest-exit', 'fault'] },
];

/** How much a drawing shows; this bounds its size for any number of events. */
interface Detail {
  /** Minimal distance of two marks in a lane, in units of the drawing; closer events share a mark. */
  readonly spacing: number;
  /** Marks have a tooltip with their event. */
  readonly titles: boolean;
}

const details = {
  /** About 8 KB at most. */
  brief: { spacing: 12, titles: false },
  /** About 800 KB at most. */
  full: { spacing: 2, titles: true },
} as const satisfies Record<string, Detail>;

const width = 1000;
const left = 130;
const rowHeight = 22;
const maxTitleLength = 100;

const xOf = (at: number, end: number): number => left + ((width - left - 10) * at) / Math.max(1, end);

/**
 * The distance of two axis marks in µs: 1, 2 or 5 times a power of ten, so that there are four to ten marks.
 */
export const stepOf = (end: number): number => {
  const rough = Math.max(1, end) / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
};

/** The label of an axis mark; both arguments in µs. */
export const timeLabel = (us: number, step: number): string =>
  step >= 1_000_000 ? `${us / 1_000_000} s` : `${Number((us / 1000).toFixed(step < 1000 ? 3 : 0))} ms`;

const axis = (end: number, height: number): string => {
  const step = stepOf(end);
  const marks = [];
  for (let us = 0; us <= end; us += step) {
    const x = xOf(us, end).toFixed(1);
    marks.push(
      `<line class="grid" x1="${x}" x2="${x}" y1="0" y2="${height - 18}"/><text x="${x}" y="${height - 4}" text-anchor="middle">${timeLabel(us, step)}</text>`,
    );
  }
  return marks.join('');
};

const isBad = (event: TraceEvent): boolean =>
  (event.kind === 'check' && event.result === 'not ok') ||
  (event.kind === 'timer' && event.event === 'expired') ||
  event.kind === 'kill';

const drawLane = (
  events: readonly TraceEvent[],
  y: number,
  end: number,
  { spacing, titles }: Detail,
): string => {
  const drawn: string[] = [];
  const untitled: string[] = [];
  // Good and bad marks are spaced separately, so that a good mark never hides a bad one.
  const last = { good: Number.NEGATIVE_INFINITY, bad: Number.NEGATIVE_INFINITY };
  for (const event of events) {
    const x = xOf(event.at, end);
    const bad = isBad(event);
    const key = bad ? 'bad' : 'good';
    if (x - last[key] < (bad ? spacing * 4 : spacing)) continue;
    last[key] = x;
    const title =
      titles || bad ? `<title>${escapeMarkup(shorten(formatEvent(event), maxTitleLength))}</title>` : '';
    if (bad)
      drawn.push(`<path class="bad" d="M${(x - 5).toFixed(1)} ${y + 4}l10 12m0 -12l-10 12">${title}</path>`);
    else if (titles) drawn.push(`<path class="mark" d="M${x.toFixed(1)} ${y + 4}v12">${title}</path>`);
    else untitled.push(`M${x.toFixed(0)} ${y + 4}v12`);
  }
  const together = untitled.length === 0 ? '' : `<path class="mark" d="${untitled.join('')}"/>`;
  return `${together}${drawn.join('')}`;
};

/** An SVG; empty if there are no events to draw. Lanes without events are left out. */
export const drawLanes = (events: readonly TraceEvent[], detail: keyof typeof details): string => {
  const end = events.at(-1)?.at ?? 0;
  const used = lanes
    .map(({ name, kinds }) => ({ name, events: events.filter(({ kind }) => kinds.includes(kind)) }))
    .filter(({ events }) => events.length > 0);
  if (used.length === 0) return '';
  const height = used.length * rowHeight + 24;
  const parts = used.map(({ name, events }, index) => {
    const y = index * rowHeight;
    return `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${name} (${events.length})</text><line class="lane" x1="${left}" x2="${width}" y1="${y + 10}" y2="${y + 10}"/>${drawLane(events, y, end, details[detail])}`;
  });
  return `<svg class="lanes" viewBox="0 0 ${width} ${height}" role="img" aria-label="timeline: ${used.map(({ name, events }) => `${name} ${events.length}`).join(', ')}">${axis(end, height)}${parts.join('\n')}</svg>`;
};
