// Builds the driver with one mutation and runs scenarios until one fails.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../base/errors.js';
import { firstLine } from '../base/text.js';
import { hintsFor } from '../mutation/hints.js';
import { applyMutant, type Mutant } from '../mutation/mutants.js';
import { hashObjects } from '../mutation/object-code.js';
import type { MutantResult } from '../mutation/result.js';
import { readResults } from '../report/results.js';
import { buildChanged, treeOf } from '../run/changed-driver.js';
import type { Environment } from '../run/environment.js';
import { untilFirstFailure } from '../run/first-failure.js';
import type { RunFilesOptions } from '../run/run-files.js';

export interface MutationContext {
  readonly environment: Environment;
  readonly sources: ReadonlyMap<string, string>;
  /** The hash of the object code that the unchanged sources give. */
  readonly objects: string;
  readonly options: Required<Pick<RunFilesOptions, 'signal' | 'env'>>;
}

/**
 * `files` are scenario files in the order in which they are tried. `slot` is a directory of this call alone.
 */
export const tryMutant = async (
  { environment, sources, objects, options }: MutationContext,
  mutant: Mutant,
  files: readonly string[],
  slot: string,
): Promise<MutantResult> => {
  const start = performance.now();
  const { id, file, line, operator, before, after } = mutant;
  const result = (
    status: MutantResult['status'],
    details: Partial<Pick<MutantResult, 'by' | 'reason' | 'causes' | 'scenarios' | 'hints'>> = {},
  ): MutantResult => ({
    id,
    file,
    line,
    operator,
    ...(mutant.function !== undefined && { function: mutant.function }),
    before,
    after,
    status,
    by: '',
    reason: '',
    causes: [],
    scenarios: 0,
    hints: [],
    ...details,
    seconds: Math.round(performance.now() - start) / 1000,
  });
  const driver = join(slot, 'driver');
  let modules: string;
  try {
    const changed = applyMutant(sources, mutant);
    modules = (await buildChanged(environment, changed, driver, slot, options.signal)).directory;
  } catch (error) {
    if (!hasCode(error, 'DRIVER_BUILD')) throw error;
    return result('uncompilable', { reason: firstLine(error.message) });
  }
  if ((await hashObjects(treeOf(slot))) === objects) return result('equivalent');
  const run = join(slot, 'run');
  await rm(run, { recursive: true, force: true });
  const choice = { ...environment.choice, driver, modules, run };
  const failure = await untilFirstFailure(files, { ...options, choice, read: readResults });
  if (failure.result === undefined) {
    const hints = files.length === 0 ? ['no scenario reaches the line'] : hintsFor(mutant);
    return result('survived', { scenarios: failure.files, hints });
  }
  const { verdict, scenario: by, reasons, causes = [] } = failure.result;
  return result(verdict === 'failed' ? 'killed' : 'inconclusive', {
    by,
    reason: firstLine(reasons[0]),
    causes: causes.map(({ id }) => id),
    scenarios: failure.files,
  });
};
