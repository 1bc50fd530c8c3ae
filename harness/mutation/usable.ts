// The scenario files that can show that a mutant was noticed, and the lines that each reaches.

import type { FileCoverage } from '../coverage/lines.js';
import type { Mutant } from './mutants.js';
import type { UsableScenarios } from './result.js';

/** By source file, the lines that some of the scenarios reach. */
export const reachedLines = (
  coverage: readonly FileCoverage[],
  isOurs: (scenario: string) => boolean,
): Record<string, number[]> =>
  Object.fromEntries(
    coverage.map(({ file, lines }) => [
      file,
      lines.filter(({ scenarios }) => scenarios.some(isOurs)).map(({ line }) => line),
    ]),
  );

/**
 * The names of the scenario files that reach the changed line. A line without code of its own, such as one of
 * a table, a declaration or a macro, is not in `known`; then all scenario files are returned.
 */
export const reaching = (
  { file, line }: Pick<Mutant, 'file' | 'line'>,
  usable: UsableScenarios,
  known: Readonly<Record<string, readonly number[]>>,
): string[] => {
  const names = Object.keys(usable);
  if (known[file]?.includes(line) !== true) return names;
  return names.filter((name) => usable[name]?.reaches[file]?.includes(line) === true);
};
