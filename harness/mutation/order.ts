// The order in which scenarios are tried on a mutant: first those that are likely to kill it, for the time
// that they take.

import type { Mutant } from './mutants.js';
import type { MutantResult, UsableScenarios } from './result.js';

type Where = Pick<Mutant, 'file' | 'line' | 'function'>;

const weight = (result: MutantResult, { file, line, function: name }: Where): number => {
  if (result.file !== file) return 1;
  if (result.line === line) return 1000;
  return name !== undefined && result.function === name ? 100 : 10;
};

/**
 * Sorts `scenarios` by the kills of `results` in relation to their time; kills near the change count more. A
 * scenario that has killed nothing yet counts as if it had killed one mutant far away. Stable.
 */
export const orderScenarios = (
  scenarios: readonly string[],
  mutant: Where,
  results: readonly MutantResult[],
  usable: UsableScenarios,
): string[] => {
  const kills = new Map<string, number>();
  for (const result of results)
    if (result.status === 'killed')
      kills.set(result.by, (kills.get(result.by) ?? 0) + weight(result, mutant));
  // A restored guest takes about a second before it does anything.
  const score = (scenario: string): number =>
    (1 + (kills.get(scenario) ?? 0)) / (1 + (usable[scenario]?.seconds ?? 0));
  return [...scenarios].sort((a, b) => score(b) - score(a));
};
