// Which causes explain the failures of a report, most failures first.

import { counted, listOf } from '../base/text.js';
import type { Cause } from '../diagnosis/causes/facts.js';
import { type CauseId, causes, isCauseId } from '../diagnosis/causes/find-causes.js';
import type { Report, ReportCell } from './model.js';

export interface Explanation extends Pick<Cause, 'sentence' | 'change' | 'hosts'> {
  readonly id: CauseId;
  /** Decoded lines that show it, of the first cell. */
  readonly evidence: readonly string[];
  readonly cells: readonly ReportCell[];
}

export interface Explained {
  readonly explanations: readonly Explanation[];
  /** Failures of which no cause is known. */
  readonly unexplained: readonly ReportCell[];
  readonly failures: number;
}

export const explainReport = ({ cells }: Pick<Report, 'cells'>): Explained => {
  const failures = cells.filter(({ verdict }) => verdict === 'failed');
  const byId = new Map<CauseId, ReportCell[]>();
  for (const cell of failures)
    for (const { id } of cell.causes) if (isCauseId(id)) byId.set(id, [...(byId.get(id) ?? []), cell]);
  const explanations = [...byId].map(([id, cells]): Explanation => {
    const { sentence, change, hosts }: Cause = causes[id];
    const evidence = cells[0]?.causes.find((cause) => cause.id === id)?.evidence ?? [];
    return { id, sentence, change, ...(hosts !== undefined && { hosts }), evidence, cells };
  });
  return {
    explanations: explanations.sort((left, right) => right.cells.length - left.cells.length),
    unexplained: failures.filter((cell) => !cell.causes.some(({ id }) => isCauseId(id))),
    failures: failures.length,
  };
};

const maxNames = 6;

/** `stop on 6.12-cloud, 7.3-cloud`, of the cells of one scenario each. */
export const namesOf = (cells: readonly ReportCell[]): string => {
  const kernels = new Map<string, Set<string>>();
  for (const { scenario, kernel } of cells)
    kernels.set(scenario, (kernels.get(scenario) ?? new Set()).add(kernel));
  return listOf(
    [...kernels].map(([scenario, names]) => `${scenario} on ${[...names].join(', ')}`),
    maxNames,
  );
};

/** `2 causes explain 14 of 17 failures`; undefined when there is no failure. */
export const explainedHeadline = ({ explanations, unexplained, failures }: Explained): string | undefined => {
  if (failures === 0) return undefined;
  if (explanations.length === 0) return `no cause is known of ${counted(failures, 'failure')}`;
  const verb = explanations.length === 1 ? 'explains' : 'explain';
  return `${counted(explanations.length, 'cause')} ${verb} ${failures - unexplained.length} of ${counted(failures, 'failure')}`;
};
