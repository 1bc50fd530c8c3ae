// Arranges cells as grids: one row for each scenario, one column for each kernel.

import type { Report, ReportCell, ReportKernel } from './model.js';

export interface GridRow {
  readonly name: string;
  /** One for each column; undefined if the cell is not part of the run (another shard has it). */
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
    const ofGeneration = cells.filter((cell) => cell.generation === generation);
    const byKey = new Map(ofGeneration.map((cell) => [keyOf(cell.kernel, cell.scenario), cell]));
    const names = [...new Set(ofGeneration.map(({ scenario }) => scenario))];
    const rows = names.map((name) => ({
      name,
      cells: kernels.map((kernel) => byKey.get(keyOf(kernel.name, name))),
    }));
    return { generation, columns: kernels, rows };
  });
