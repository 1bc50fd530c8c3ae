// Figures for people: a Markdown table, which reads well in a terminal too.

import type { Figure } from './figures.js';
import { type Kind, kinds } from './kinds.js';

const titles: Readonly<Record<Kind, string>> = {
  echo: 'bare echo',
  'one-hop': 'one hop',
  'both-hops': 'both hops',
};

/** Three digits that mean something: `7.43`, `61.0`, `143`, `14 300`. */
export const digits = (value: number): string => {
  if (!Number.isFinite(value)) return '-';
  if (value < 10) return value.toFixed(2);
  if (value < 100) return value.toFixed(1);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2);
  return String(Math.round(value / unit) * unit).replace(/\B(?=(\d{3})+$)/g, '\u202f');
};

/** A Markdown table with its columns aligned, the first to the left and the others to the right. */
export const markdownTable = (rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], pad: (cell: string, width: number, column: number) => string) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const cells = (row: readonly string[]): string =>
    line(row, (cell, width, column) => (column === 0 ? cell.padEnd(width) : cell.padStart(width)));
  const rule = line(head, (_, width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [cells(head), rule, ...body.map(cells)].join('\n');
};

const row = ({ what, unit, values, ratios }: Figure): string[] => [
  `${what} (${unit})`,
  digits(values.echo),
  ...kinds
    .filter((kind) => kind !== 'echo')
    .flatMap((kind) => [digits(values[kind]), `${ratios[kind].toFixed(2)}×`]),
];

/** A row a figure: the yardstick, and each kind with its ratio to it. */
export const renderFigures = (figures: readonly Figure[]): string =>
  markdownTable([
    ['', titles.echo, ...kinds.filter((kind) => kind !== 'echo').flatMap((kind) => [titles[kind], 'cost'])],
    ...figures.map(row),
  ]);
