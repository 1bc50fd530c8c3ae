// Bad cells that failed alike, together: one scenario on five kernels is one thing to look at.
import { isBad } from '../run/verdict.js';
import { signatureOf } from './differences.js';
import type { ReportCell } from './model.js';

export interface Failure {
  readonly scenario: string;
  readonly generation: string;
  /** At least one; the same verdict for the same reasons but for numbers. */
  readonly cells: readonly [ReportCell, ...ReportCell[]];
}

/** In the order of the cells. */
export const failuresOf = (cells: readonly ReportCell[]): Failure[] => {
  const groups = new Map<string, [ReportCell, ...ReportCell[]]>();
  for (const cell of cells.filter(isBad)) {
    const key = JSON.stringify([cell.scenario, cell.generation, signatureOf(cell)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  return [...groups.values()].map((group) => {
    const [{ scenario, generation }] = group;
    return { scenario, generation, cells: group };
  });
};
