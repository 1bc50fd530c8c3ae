// Collects the requirements that the driver does not meet over all cells, the most severe level first.

import { counted } from '../base/text.js';
import { isRequirementId, levels, type Requirement, requirements } from '../diagnosis/requirements.js';
import type { ReportCell } from './model.js';

export interface Unmet {
  readonly id: string;
  /** Undefined if this version does not know the id. */
  readonly requirement: Requirement | undefined;
  /** The cells that do not meet it, in the report's order. */
  readonly cells: readonly [ReportCell, ...ReportCell[]];
  /** The line of the first check that failed for it, in the first of the cells. */
  readonly check: string;
}

/** 0 is the most severe level; requirements that this version does not know come last. */
const levelRank = ({ requirement }: Unmet): number =>
  requirement === undefined ? levels.length : levels.indexOf(requirement.level);

/** Sorted by level, then by the number of cells. */
export const unmetIn = (cells: readonly ReportCell[]): Unmet[] => {
  const found = new Map<string, Unmet>();
  for (const cell of cells)
    for (const { requirement: id, check } of cell.unmet) {
      const before = found.get(id);
      const requirement = isRequirementId(id) ? requirements[id] : undefined;
      found.set(
        id,
        before === undefined
          ? { id, requirement, cells: [cell], check }
          : { ...before, cells: [...before.cells, cell] },
      );
    }
  return [...found.values()].sort(
    (left, right) => levelRank(left) - levelRank(right) || right.cells.length - left.cells.length,
  );
};

/** What the driver has to do, in a sentence; the id if this version does not know the requirement. */
export const sentenceOf = ({ id, requirement }: Unmet): string => requirement?.sentence ?? id;

/** `must`, `should`, `may`; `unknown` for a requirement that this version does not know. */
export const levelOf = ({ requirement }: Unmet): string => requirement?.level ?? 'unknown';

/** Failed cells in which no requirement was found unmet: the driver crashed or hung, or a wait timed out. */
export const unexplained = (cells: readonly ReportCell[]): ReportCell[] =>
  cells.filter(({ verdict, unmet }) => verdict === 'failed' && unmet.length === 0);

/** `2 requirements are not met, in 14 of 17 failed cells`; undefined if all are met. */
export const unmetHeadline = (cells: readonly ReportCell[]): string | undefined => {
  const unmet = unmetIn(cells);
  if (unmet.length === 0) return undefined;
  const failed = cells.filter(({ verdict }) => verdict === 'failed').length;
  const explained = cells.filter((cell) => cell.verdict === 'failed' && cell.unmet.length > 0).length;
  const are = unmet.length === 1 ? 'is' : 'are';
  return `${counted(unmet.length, 'requirement')} ${are} not met, in ${explained} of ${counted(failed, 'failed cell')}`;
};
