// What every run of scenarios in guests begins and ends with.
import { hasCode } from '../base/errors.js';
import { readResults } from '../report/results.js';
import { renderMissing, renderTable } from '../report/table.js';
import { writeBuildFailure } from '../run/build-failure.js';
import { type Environment, openEnvironment } from '../run/environment.js';
import { progressLines } from './progress-lines.js';

/**
 * Makes what all guests need, once and with an account of it, then lets `go` run scenarios, and prints what `directory` then says came
 * of them. A driver that does not compile has failed; `go` is not called then. Resolves with whether all is well.
 */
export const withEnvironment = async (
  directory: string,
  go: (environment: Environment) => Promise<boolean>,
): Promise<boolean> => {
  try {
    const environment = await openEnvironment(progressLines());
    const { accelerator } = environment;
    const passed = await go(environment);
    const heading = `${accelerator.name} (${accelerator.reason})`;
    const results = await readResults(directory);
    process.stdout.write(`\n${renderTable(results, heading)}\n${renderMissing(results, passed)}`);
    return passed;
  } catch (error) {
    if (!hasCode(error, 'DRIVER_BUILD')) throw error;
    const result = await writeBuildFailure(directory, error);
    process.stdout.write(`\n${renderTable([result], 'none, nothing ran')}\n`);
    return false;
  }
};
