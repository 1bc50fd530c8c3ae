// Groups the failures of a report by known cause, the most frequent cause first.

import { counted } from '../base/text.js';
import { type CauseId, causes, isCauseId } from '../diagnosis/causes/cause-table.js';
import type { Cause } from '../diagnosis/causes/facts.js';
import { requirements } from '../diagnosis/requirements.js';
import type { Report, ReportCell } from './model.js';

export interface Explanation extends Pick<Cause, 'sentence' | 'change' | 'hosts'> {
  readonly id: CauseId;
  /** `reads-isr: The interrupt handler reads the ISR.`, the requirement that it breaks. */
  readonly requirement: string;
  /** Decoded trace lines that show the cause in the first cell. */
  readonly evidence: readonly string[];
  readonly cells: readonly ReportCell[];
}

export interface Explained {
  readonly explanations: readonly Explanation[];
  /** Failures without a known cause. */
  readonly unexplained: readonly ReportCell[];
  readonly failures: number;
}

const requirementOf = (id: CauseId): string => {
  const { requirement }: Cause = causes[id];
  return `${requirement}: ${requirements[requirement].sentence}`;
};

/**
 * The known causes of the failure of one cell, three lines each: the cause, what to change, the requirement.
 */
export const causeLines = ({ causes: found }: Pick<ReportCell, 'causes'>): string[] =>
  found.flatMap(({ id }) =>
    isCauseId(id)
      ? [
          `cause ${id}: ${causes[id].sentence}`,
          `  change: ${causes[id].change}`,
          `  breaks ${requirementOf(id)}`,
        ]
      : [],
  );

export const explainReport = ({ cells }: Pick<Report, 'cells'>): Explained => {
  const failures = cells.filter(({ verdict }) => verdict === 'failed');
  const byId = new Map<CauseId, ReportCell[]>();
  for (const cell of failures)
    for (const { id } of cell.causes) if (isCauseId(id)) byId.set(id, [...(byId.get(id) ?? []), cell]);
  const explanations = [...byId].map(([id, cells]): Explanation => {
    const { sentence, change, hosts }: Cause = causes[id];
    const requirement = requirementOf(id);
    const evidence = cells[0]?.causes.find((cause) => cause.id === id)?.evidence ?? [];
    return { id, sentence, change, requirement, ...(hosts !== undefined && { hosts }), evidence, cells };
  });
  return {
    explanations: explanations.sort((left, right) => right.cells.length - left.cells.length),
    unexplained: failures.filter((cell) => !cell.causes.some(({ id }) => isCauseId(id))),
    failures: failures.length,
  };
};

/** `2 causes explain 14 of 17 failures`; undefined if nothing failed. */
export const explainedHeadline = ({ explanations, unexplained, failures }: Explained): string | undefined => {
  if (failures === 0) return undefined;
  if (explanations.length === 0) return `no known cause for ${counted(failures, 'failure')}`;
  const verb = explanations.length === 1 ? 'explains' : 'explain';
  return `${counted(explanations.length, 'cause')} ${verb} ${failures - unexplained.length} of ${counted(failures, 'failure')}`;
};
