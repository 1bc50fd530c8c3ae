// Cells as a table: scenarios down, kernels across.

import type { Report, ReportCell, ReportKernel } from './model.js';

export interface GridRow {
  readonly name: string;
  /** One for each column; undefined where the cell is not part of the run (it is another shard's). */
  readonly cells: readonly (ReportCell | undefined)[];
}

export interface Grid {
  readonly generation: string;
  /** The kernels, in the report's order. */
  readonly columns: readonly ReportKernel[];
  readonly rows: readonly GridRow[];
}

const keyOf = (kernel: string, scenario: string): string => JSON.stringify([kernel, scenario]);

/** A grid for each generation, in the report's order. */
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
