// Groups bad cells of one scenario that failed in the same way on several kernels.

import { isBad } from '../run/verdict.js';
import { signatureOf } from './differences.js';
import type { ReportCell } from './model.js';

export interface Failure {
  readonly scenario: string;
  readonly generation: string;
  /** Cells with the same verdict and the same reasons, numbers ignored. */
  readonly cells: readonly [ReportCell, ...ReportCell[]];
}

/** Groups in the order of their first cells. */
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
