// Requirements that the driver does not meet, over all cells: what its author has to change, the gravest first.
import { counted } from '../base/text.js';
import { isRequirementId, levels, type Requirement, requirements } from '../diagnosis/requirements.js';
import type { ReportCell } from './model.js';

export interface Unmet {
  readonly id: string;
  /** Undefined for one that this version does not know. */
  readonly requirement: Requirement | undefined;
  /** At least one, in the report's order. */
  readonly cells: readonly [ReportCell, ...ReportCell[]];
  /** The line of the first check that says so, in the first of the cells. */
  readonly check: string;
}

const gravity = ({ requirement }: Unmet): number =>
  requirement === undefined ? levels.length : levels.indexOf(requirement.level);

/** By level, and within a level by the number of cells. */
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
    (left, right) => gravity(left) - gravity(right) || right.cells.length - left.cells.length,
  );
};

/** What the driver owes, in a sentence; the id of one that this version does not know. */
export const sentenceOf = ({ id, requirement }: Unmet): string => requirement?.sentence ?? id;

/** `must`, `should`, `may`; `unknown` for a requirement that this version does not know. */
export const levelOf = ({ requirement }: Unmet): string => requirement?.level ?? 'unknown';

/** Failed cells that no requirement explains: the driver crashed, hung, or a wait ran out. */
export const unexplained = (cells: readonly ReportCell[]): ReportCell[] =>
  cells.filter(({ verdict, unmet }) => verdict === 'failed' && unmet.length === 0);

/** `2 requirements are not met, in 14 of 17 failed cells`; undefined where all are met. */
export const headlineOf = (cells: readonly ReportCell[]): string | undefined => {
  const unmet = unmetIn(cells);
  if (unmet.length === 0) return undefined;
  const failed = cells.filter(({ verdict }) => verdict === 'failed').length;
  const explained = cells.filter((cell) => cell.verdict === 'failed' && cell.unmet.length > 0).length;
  const are = unmet.length === 1 ? 'is' : 'are';
  return `${counted(unmet.length, 'requirement')} ${are} not met, in ${explained} of ${counted(failed, 'failed cell')}`;
};

/** `clock-driver on 6.12-cloud, 7.3-cloud; stop on 7.3-cloud`: scenarios, each with its kernels. */
export const placesOf = (cells: readonly ReportCell[]): string => {
  const kernels = new Map<string, Set<string>>();
  for (const { scenario, kernel } of cells)
    kernels.set(scenario, (kernels.get(scenario) ?? new Set()).add(kernel));
  return [...kernels].map(([scenario, names]) => `${scenario} on ${[...names].join(', ')}`).join('; ');
};
