// How far a matrix is, a line a kernel: pure.
import { verdicts } from '../run/verdict.js';
import type { ReportCell, ReportStep } from './model.js';

export interface BoardRow {
  readonly kernel: string;
  /** Cells that are planned: files of scenarios, of which one may come back as several. */
  readonly planned: number;
  readonly steps: readonly ReportStep[];
  readonly cells: readonly ReportCell[];
}

const barWidth = 20;

/** By planned files, so that it is full when all is done. */
const doneFiles = ({ cells }: BoardRow): number =>
  new Set(cells.map(({ generation, file }) => `${generation} ${file}`)).size;

const bar = (done: number, planned: number): string => {
  const full = planned === 0 ? barWidth : Math.floor((barWidth * done) / planned);
  return '█'.repeat(full) + '░'.repeat(barWidth - full);
};

const next = { fetch: 'building', build: 'booting', boot: 'testing' } as const;

/** What is going on, or why nothing is. */
const doing = ({ steps, cells, planned }: BoardRow, done: number): string => {
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
    return `${row.kernel.padEnd(longest)} ${bar(done, row.planned)} ${counter} ${doing(row, done)}`.slice(
      0,
      width,
    );
  });
};
