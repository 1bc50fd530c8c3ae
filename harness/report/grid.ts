// Cells as a table: scenarios down, kernels across.
import type { Verdict } from '../run/result.js';
import type { Report, ReportCell, ReportKernel, StepName } from './model.js';

export interface GridRow {
  readonly name: string;
  /** One a column; undefined where the cell is not part of the run (another shard's). */
  readonly cells: readonly (ReportCell | undefined)[];
}

export interface Grid {
  readonly generation: string;
  /** The kernels, in the report's order. */
  readonly columns: readonly ReportKernel[];
  readonly rows: readonly GridRow[];
}

const keyOf = (kernel: string, scenario: string): string => JSON.stringify([kernel, scenario]);

/** One grid a generation, in the report's order. */
export const gridsOf = ({ kernels, cells }: Report): Grid[] =>
  [...new Set(cells.map(({ generation }) => generation))].map((generation) => {
    const mine = cells.filter((cell) => cell.generation === generation);
    const byKey = new Map(mine.map((cell) => [keyOf(cell.kernel, cell.scenario), cell]));
    const names = [...new Set(mine.map(({ scenario }) => scenario))];
    const rows = names.map((name) => ({
      name,
      cells: kernels.map((kernel) => byKey.get(keyOf(kernel.name, name))),
    }));
    return { generation, columns: kernels, rows };
  });

export const stepNames: readonly StepName[] = ['fetch', 'build', 'boot'];

export const verdicts: readonly Verdict[] = ['passed', 'failed', 'broken', 'skipped'];

export type Counts = Readonly<Record<Verdict, number>>;

/** Steps that did not pass count too: a driver that does not build is a failure, whatever did not run for it. */
export const countVerdicts = ({ kernels, cells }: Pick<Report, 'kernels' | 'cells'>): Counts => {
  const counts = { passed: 0, failed: 0, broken: 0, skipped: 0 };
  for (const { verdict } of cells) counts[verdict] += 1;
  for (const { verdict } of kernels.flatMap(({ steps }) => steps))
    if (verdict === 'failed' || verdict === 'broken') counts[verdict] += 1;
  return counts;
};

/** `12 passed, 1 failed, 5 skipped`: passed and failed always, the others where there are any. */
export const renderCounts = (counts: Counts): string =>
  verdicts
    .filter((verdict) => counts[verdict] > 0 || verdict === 'passed' || verdict === 'failed')
    .map((verdict) => `${counts[verdict]} ${verdict}`)
    .join(', ');

/** 0: all that ran passed, and something ran. 1: the driver failed. 3: the harness, the host or QEMU broke, or nothing ran. */
export const exitStatusOf = (report: Pick<Report, 'kernels' | 'cells'>): number => {
  const { failed, broken, passed } = countVerdicts(report);
  if (failed > 0) return 1;
  return broken > 0 || passed === 0 ? 3 : 0;
};
