// Reads the result files that the scenarios of a run wrote.

import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ifExists } from '../base/if-exists.js';
import { parseChecked } from '../base/read-checked.js';
import { messageOf } from '../base/thrown.js';
import { type ScenarioResult, scenarioResultSchema } from '../run/result.js';

const resultFile = 'result.json';

const directories = async (path: string): Promise<string[]> => {
  const entries = (await ifExists(readdir(path, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
};

/** An unreadable result is `broken`, because it shows nothing about the driver. */
const damaged = (directory: string, problem: string): ScenarioResult => ({
  scenario: basename(directory),
  verdict: 'broken',
  reasons: [`${join(directory, resultFile)} is damaged: ${problem}`],
  seconds: 0,
  kernel: '',
  generation: '',
  driver: '',
  qemu: '',
  accelerator: '',
  nodeMiB: 0,
  directory,
});

const readResult = async (directory: string): Promise<ScenarioResult> => {
  let text: string | undefined;
  try {
    text = await ifExists(readFile(join(directory, resultFile), 'utf8'));
  } catch (error) {
    return damaged(directory, messageOf(error));
  }
  if (text === undefined) return damaged(directory, 'the file is missing');
  const checked = parseChecked(text, scenarioResultSchema);
  return 'problem' in checked ? damaged(directory, checked.problem) : checked.value;
};

/**
 * All results below the run directory `run`, sorted by kernel and scenario; empty if nothing ran. A directory
 * without a complete result (its process was killed, or the disk was full) gives a `broken` result.
 */
export const readResults = async (run: string): Promise<ScenarioResult[]> => {
  const kernels = await directories(run);
  const scenarios = (await Promise.all(kernels.map(directories))).flat();
  return Promise.all(scenarios.sort().map(readResult));
};
