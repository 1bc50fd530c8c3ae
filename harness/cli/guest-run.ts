// What every run of scenarios in guests begins and ends with, however it ends.
import { hasCode } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { countVerdicts, statusOfCounts } from '../report/counts.js';
import { readResults } from '../report/results.js';
import { renderMissing, renderTable } from '../report/table.js';
import { writeBuildFailure } from '../run/build-failure.js';
import type { Choice } from '../run/choice.js';
import { type Environment, openEnvironment } from '../run/environment.js';
import type { RunFilesOptions } from '../run/run-files.js';
import { abortOnSignals, unlessAborted } from '../run/signals.js';
import { print } from './print.js';
import { progressLines } from './progress-lines.js';

export interface GuestRun {
  readonly environment: Environment;
  readonly progress: (line: string) => void;
  /** For `runFiles`: all that runs ends at a signal, and its temporary files are in one directory, which is removed. */
  readonly options: Required<Pick<RunFilesOptions, 'choice' | 'signal' | 'env'>>;
}

/** `0` when every process that ran scenarios ended well. */
type Go = (run: GuestRun) => Promise<number>;

const judge = (results: Parameters<typeof countVerdicts>[0], status: number): number => {
  const judged = statusOfCounts(countVerdicts(results));
  // A process that ended in the middle of a scenario left no result, so no verdict either.
  return judged === 0 && status !== 0 ? 3 : judged;
};

/**
 * Makes what all guests need, once and with an account of it, then lets `go` run scenarios, and prints what came of them: also when a
 * signal ends the run. A driver that does not compile has failed; `go` is not called then. Resolves with the exit status.
 */
export const runInGuests = async (choice: Choice, go: Go): Promise<number> => {
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
    const status = await go({ environment, progress, options }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      return 3;
    });
    const results = await readResults(choice.run);
    const { accelerator } = environment;
    print(`\n${renderTable(results, `${accelerator.name} (${accelerator.reason})`)}`);
    const missing = signal.aborted
      ? `\n${signal.reason.message}; the other scenarios did not run`
      : renderMissing(results, status === 0).trimEnd();
    if (missing !== '') print(missing);
    return signalStatus() ?? judge(results, status);
  } catch (error) {
    if (!hasCode(error, 'DRIVER_BUILD')) throw error;
    const result = await writeBuildFailure(choice, error);
    print(`\n${renderTable([result], 'none, nothing ran')}`);
    return 1;
  } finally {
    release();
    temporary.remove();
  }
};
