// The order in which scenarios are tried on a mutant: those that killed its like come first.

import type { Mutant } from './mutants.js';
import type { MutantResult } from './result.js';

type Where = Pick<Mutant, 'file' | 'line' | 'function'>;

const weight = (result: MutantResult, { file, line, function: name }: Where): number => {
  if (result.file !== file) return 1;
  if (result.line === line) return 1000;
  return name !== undefined && result.function === name ? 100 : 10;
};

/** Sorts `scenarios` by the kills of `results`, those near the change first. Stable. */
export const orderScenarios = (
  scenarios: readonly string[],
  mutant: Where,
  results: readonly MutantResult[],
): string[] => {
  const scores = new Map<string, number>();
  for (const result of results)
    if (result.status === 'killed')
      scores.set(result.by, (scores.get(result.by) ?? 0) + weight(result, mutant));
  const score = (scenario: string): number => scores.get(scenario) ?? 0;
  return [...scenarios].sort((a, b) => score(b) - score(a));
};
