// The common start and end of every command that runs scenarios in guests.

import { hasCode } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { countVerdicts, statusOfCounts } from '../report/counts.js';
import { readResults } from '../report/results.js';
import { renderMissing, renderTable } from '../report/table.js';
import { compilerOutput, writeBuildFailure } from '../run/build-failure.js';
import type { Choice } from '../run/choice.js';
import { type Environment, openEnvironment } from '../run/environment.js';
import type { RunFilesOptions } from '../run/run-files.js';
import { abortOnSignals, unlessAborted } from '../run/signals.js';
import { print } from './print.js';
import { progressLines } from './progress-lines.js';

export interface GuestRun {
  readonly environment: Environment;
  readonly progress: (line: string) => void;
  /**
   * Options for `runFiles`: a signal ends the run, and one directory holds all temporary files and is
   * removed.
   */
  readonly options: Required<Pick<RunFilesOptions, 'choice' | 'signal' | 'env'>>;
}

/** Resolves with 0 if all processes that ran scenarios exited normally. */
type RunScenarios = (run: GuestRun) => Promise<number>;

const exitStatus = (results: Parameters<typeof countVerdicts>[0], status: number): number => {
  const judged = statusOfCounts(countVerdicts(results));
  // A process that died in the middle of a scenario left no result, and so no verdict.
  return judged === 0 && status !== 0 ? 3 : judged;
};

/**
 * Prepares what all guests need and reports progress, calls `runScenarios`, and prints the results, also
 * after a signal. A driver that does not compile gets the verdict `failed`, and `runScenarios` is not called.
 * Resolves with the exit status.
 */
export const runInGuests = async (choice: Choice, runScenarios: RunScenarios): Promise<number> => {
  const { signal, status: signalStatus, release } = abortOnSignals();
  const temporary = temporaryDirectory();
  const progress = progressLines();
  try {
    const environment = await unlessAborted(openEnvironment(choice, { progress }), signal);
    if (environment === undefined) {
      print(`${signal.reason.message}; nothing ran`);
      return signalStatus() ?? 3;
    }
    const options = { choice, signal, env: { TMPDIR: temporary.path } };
    const status = await runScenarios({ environment, progress, options }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      return 3;
    });
    const results = await readResults(choice.run, signal.aborted ? String(signal.reason.message) : undefined);
    const { accelerator } = environment;
    print(`\n${renderTable(results, `${accelerator.name} (${accelerator.reason})`)}`);
    const missing = signal.aborted
      ? `\n${signal.reason.message}; the other scenarios did not run`
      : renderMissing(results, status === 0).trimEnd();
    if (missing !== '') print(missing);
    return signalStatus() ?? exitStatus(results, status);
  } catch (error) {
    if (!hasCode(error, 'DRIVER_BUILD')) throw error;
    const result = await writeBuildFailure(choice, error);
    print(`\n${renderTable([result], 'none, nothing ran')}`);
    print(compilerOutput(result));
    return 1;
  } finally {
    release();
    temporary.remove();
  }
};
