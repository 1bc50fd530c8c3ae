// Builds the driver with a seeded bug and runs the scenarios that must catch it.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../base/errors.js';
import { firstLine } from '../base/text.js';
import { readResults } from '../report/results.js';
import { buildChanged } from '../run/changed-driver.js';
import type { Choice } from '../run/choice.js';
import type { Environment } from '../run/environment.js';
import type { ScenarioResult } from '../run/result.js';
import { type RunFilesOptions, runFiles } from '../run/run-files.js';
import type { ScenarioFile } from '../run/scenario-file.js';
import { filesFor } from '../run/scenario-files.js';
import type { SeededBug } from '../run/seeded-bug.js';
import { judgeBug, namingOf, type SeededResult } from '../run/seeded-result.js';

/** Scenarios that catch most bugs. They run only if the scenarios that the bug names did not fail. */
export const smoke = ['clock-driver', 'sync-rtc', 'stop'];

export interface SeededRun {
  readonly environment: Environment;
  readonly files: readonly ScenarioFile[];
  readonly options: Required<Pick<RunFilesOptions, 'choice' | 'signal' | 'env'>>;
}

/** Runs scenarios and resolves with their results. */
const runScenarios = async (
  { files, options }: SeededRun,
  names: readonly string[],
  choice: Choice,
  workers: number,
): Promise<ScenarioResult[]> => {
  await runFiles(filesFor(files, names), { ...options, choice, workers });
  return readResults(choice.run);
};

/** A scenario that does not pass on the unpatched driver: it cannot prove a catch. */
export interface Unusable {
  /** False if it is broken, skipped, or left no result. */
  readonly hasFailed: boolean;
  /** The verdict and the first reason. */
  readonly text: string;
}

/** Finds the scenarios that do not pass without a bug, with the reason. */
export const tryUnpatched = async (
  seeded: SeededRun,
  names: readonly string[],
  jobs: number,
): Promise<Map<string, Unusable>> => {
  const { choice } = seeded.options;
  const run = join(choice.run, 'unpatched', choice.kernel);
  const results = await runScenarios(seeded, names, { ...choice, run }, jobs);
  const bad = results
    .filter(({ verdict }) => verdict !== 'passed')
    .map(({ scenario, verdict, reasons }): [string, Unusable] => [
      scenario,
      { hasFailed: verdict === 'failed', text: `${verdict}: ${firstLine(reasons[0])}` },
    ]);
  const missing = names.filter((name) => results.every(({ scenario }) => scenario !== name));
  return new Map([
    ...bad,
    ...missing.map((name): [string, Unusable] => [name, { hasFailed: false, text: 'left no result' }]),
  ]);
};

/**
 * `sources` are the patched sources; `slot` is a temporary directory; `unusable` is the result of
 * `tryUnpatched`.
 */
export const tryBug = async (
  seeded: SeededRun,
  bug: SeededBug,
  sources: ReadonlyMap<string, string>,
  slot: string,
  unusable: ReadonlyMap<string, Unusable>,
): Promise<SeededResult> => {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const broken = (line: string): SeededResult => ({
    bug: bug.name,
    status: 'broken',
    by: '',
    causes: [],
    expected: bug.causes,
    naming: namingOf([], bug.causes),
    line,
    seconds: seconds(),
  });
  const missing = bug.caughtBy.find((name) => seeded.files.every(({ declares }) => !declares(name)));
  if (missing !== undefined) return broken(`there is no scenario ${missing}`);
  const unusableName = bug.caughtBy.find((name) => unusable.has(name));
  if (unusableName !== undefined)
    return broken(`without the bug, ${unusableName} ${unusable.get(unusableName)?.text}`);
  const { environment, options } = seeded;
  const run = join(seeded.options.choice.run, bug.name);
  // The patched driver is an artifact, because it explains why a bug was not caught.
  const driver = join(run, 'driver');
  let modules: string;
  try {
    modules = (await buildChanged(environment, sources, driver, slot, options.signal)).directory;
  } catch (error) {
    if (!hasCode(error, 'DRIVER_BUILD')) throw error;
    return broken(error.message);
  }
  const choice = { ...seeded.options.choice, driver, modules, run };
  let result = judgeBug(bug, await runScenarios(seeded, bug.caughtBy, choice, 1), seconds());
  if (result.status === 'survived') {
    const more = smoke.filter((name) => !bug.caughtBy.includes(name) && !unusable.has(name));
    result = judgeBug(bug, await runScenarios(seeded, more, choice, 1), seconds());
  }
  if (result.status === 'caught' && result.naming !== 'wrong' && !choice.keep)
    await rm(run, { recursive: true, force: true });
  return result;
};
