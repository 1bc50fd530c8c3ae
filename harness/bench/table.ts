// Prints figures as a Markdown table, which is also readable in a terminal.

import { groupDigits } from '../base/bounded.js';
import { markdownTable } from '../report/markdown-table.js';
import type { Figure } from './figures.js';
import { type Kind, kinds } from './kinds.js';

const titles: Readonly<Record<Kind, string>> = {
  echo: 'bare echo',
  'one-hop': 'one hop',
  'both-hops': 'both hops',
};

/** Rounds to three significant digits: `7.43`, `61.0`, `143`, `14 300`. */
export const digits = (value: number): string => {
  if (!Number.isFinite(value)) return '-';
  if (value < 10) return value.toFixed(2);
  if (value < 100) return value.toFixed(1);
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2);
  return groupDigits(Math.round(value / unit) * unit, '\u202f');
};

const row = ({ what, unit, values, ratios }: Figure): string[] => [
  `${what} (${unit})`,
  digits(values.echo),
  ...kinds
    .filter((kind) => kind !== 'echo')
    .flatMap((kind) => [digits(values[kind]), `${ratios[kind].toFixed(2)}×`]),
];

/** One row per figure: the baseline, and each kind with its ratio to the baseline. */
export const renderFigures = (figures: readonly Figure[]): string =>
  markdownTable(
    [
      ['', titles.echo, ...kinds.filter((kind) => kind !== 'echo').flatMap((kind) => [titles[kind], 'cost'])],
      ...figures.map(row),
    ],
    { numeric: true },
  );
