// Finds the scenarios that can kill mutants, and the lines that each reaches.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../../images/toolroot/progress.js';
import { counted } from '../base/text.js';
import { fileCoverage } from '../coverage/lines.js';
import type { MutationRun } from '../mutation/result.js';
import { reachedLines } from '../mutation/usable.js';
import { readResults } from '../report/results.js';
import type { Choice } from '../run/choice.js';
import { type InstrumentedBuild, runInstrumented } from '../run/instrumented.js';
import type { ScenarioResult } from '../run/result.js';
import type { RunFilesOptions } from '../run/run-files.js';
import type { ScenarioFile } from '../run/scenario-file.js';
import { scenarioProgress } from './scenario-progress.js';

const hashOf = async ({ path }: ScenarioFile): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
    .slice(0, 20);

type Prepared = Pick<MutationRun, 'usable' | 'lines'>;

/**
 * Runs the scenario files on the unchanged, instrumented driver. Only a file whose scenarios all pass can
 * prove that a mutant was killed. Does not run files again that `known` has, unless they have changed, and
 * calls `build` only if there is one to run.
 */
export const prepareMutation = async (
  files: readonly ScenarioFile[],
  known: Prepared,
  build: () => Promise<InstrumentedBuild>,
  choice: Choice,
  options: Required<Pick<RunFilesOptions, 'workers' | 'signal' | 'env'>>,
  progress: Progress,
): Promise<Prepared & { bad: readonly ScenarioResult[] }> => {
  const hashes = new Map(await Promise.all(files.map(async (file) => [file, await hashOf(file)] as const)));
  const open = files.filter((file) => known.usable[file.name]?.hash !== hashes.get(file));
  const kept = Object.fromEntries(
    files.flatMap((file) => {
      const usable = open.includes(file) ? undefined : known.usable[file.name];
      return usable === undefined ? [] : [[file.name, usable]];
    }),
  );
  if (open.length === 0) return { usable: kept, lines: known.lines, bad: [] };
  progress(`testing the unchanged driver, with probes, in ${counted(open.length, 'scenario file')}`);
  const unchanged = { ...choice, run: join(choice.run, 'unchanged') };
  const { coverage, results } = await runInstrumented(
    await build(),
    open.map(({ path }) => path),
    { ...options, choice: unchanged, read: readResults, onLine: scenarioProgress(progress) },
  );
  const covered = fileCoverage(coverage);
  const resultsOf = (file: ScenarioFile) => results.filter(({ scenario }) => file.declares(scenario));
  const passing = open.filter((file) => {
    const verdicts = resultsOf(file).map(({ verdict }) => verdict);
    return verdicts.includes('passed') && verdicts.every((each) => each === 'passed' || each === 'skipped');
  });
  const added = passing.map((file) => [
    file.name,
    {
      hash: hashes.get(file) ?? '',
      seconds: resultsOf(file).reduce((sum, { seconds }) => sum + seconds, 0),
      reaches: reachedLines(covered, file.declares),
    },
  ]);
  return {
    usable: { ...kept, ...Object.fromEntries(added) },
    lines: Object.fromEntries(covered.map(({ file, lines }) => [file, lines.map(({ line }) => line)])),
    bad: results.filter(({ verdict }) => verdict === 'failed' || verdict === 'broken'),
  };
};
