// Renders the progress of a matrix run, one line for each kernel.

import { verdicts } from '../run/verdict.js';
import type { ReportCell, ReportStep } from './model.js';

export interface BoardRow {
  readonly kernel: string;
  /** The number of scenario files to run; one file may give several cells. */
  readonly planned: number;
  readonly steps: readonly ReportStep[];
  readonly cells: readonly ReportCell[];
}

const barWidth = 20;

/** Counts files, not cells, so that the bar is full at the end. */
const doneFiles = ({ cells }: BoardRow): number =>
  new Set(cells.map(({ generation, file }) => `${generation} ${file}`)).size;

const bar = (done: number, planned: number): string => {
  const full = planned === 0 ? barWidth : Math.floor((barWidth * done) / planned);
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
};

const next = { fetch: 'building', build: 'booting', boot: 'testing' } as const;

/** The current stage and the counts, or the step that stopped this kernel. */
const describeProgress = ({ steps, cells, planned }: BoardRow, done: number): string => {
  const last = steps.at(-1);
  if (last !== undefined && last.verdict !== 'passed') return `${last.name} ${last.verdict}`;
  const count = (verdict: string): string[] => {
    const found = cells.filter((cell) => cell.verdict === verdict).length;
    return found === 0 ? [] : [`${found} ${verdict}`];
  };
  const counts = verdicts.flatMap(count).join(', ');
  if (done >= planned && planned > 0) return counts;
  const stage = last === undefined ? 'fetching' : next[last.name];
  return [stage, ...(counts === '' ? [] : [counts])].join('; ');
};

/** Lines of at most `width` characters. */
export const renderBoard = (rows: readonly BoardRow[], width: number): string[] => {
  const longest = Math.max(0, ...rows.map(({ kernel }) => kernel.length));
  return rows.map((row) => {
    const done = doneFiles(row);
    const counter = `${String(done).padStart(String(row.planned).length)}/${row.planned}`;
    return `${row.kernel.padEnd(longest)} ${bar(done, row.planned)} ${counter} ${describeProgress(row, done)}`.slice(
      0,
      width,
    );
  });
};
