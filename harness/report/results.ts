// Reads the result files that the scenarios of a run wrote.

import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { fileSystemOf, nearlyNothingMB } from '../base/file-system.js';
import { ifExists } from '../base/if-exists.js';
import { parseChecked } from '../base/read-checked.js';
import { readInput } from '../base/read-input.js';
import { messageOf } from '../base/thrown.js';
import { type ScenarioResult, scenarioResultSchema } from '../run/result.js';

const resultFile = 'result.json';

const directories = async (path: string): Promise<string[]> => {
  const entries = (await ifExists(readdir(path, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
};

type Unjudged = Pick<ScenarioResult, 'verdict' | 'reasons'>;

const withoutResult = (directory: string, unjudged: Unjudged): ScenarioResult => ({
  ...unjudged,
  scenario: basename(directory),
  seconds: 0,
  kernel: '',
  generation: '',
  driver: '',
  qemu: '',
  accelerator: '',
  nodeMiB: 0,
  directory,
});

/**
 * An unreadable result is `broken`, because it shows nothing about the driver. On a full file system, the
 * scenario could not write its result.
 */
const damaged = async (directory: string, problem: string): Promise<ScenarioResult> => {
  const reason = `${join(directory, resultFile)} is damaged: ${problem}`;
  const { mount, freeMB } = await fileSystemOf(directory);
  const full = new HarnessError('DISK_FULL', { mount, freeMB, reason, variable: 'VMMCI_RUN' });
  return withoutResult(directory, {
    verdict: 'broken',
    reasons: [freeMB > nearlyNothingMB ? reason : full.message],
  });
};

const readResult = async (directory: string, interruption?: string): Promise<ScenarioResult> => {
  let text: string | undefined;
  try {
    text = await ifExists(readInput(join(directory, resultFile)));
  } catch (error) {
    return damaged(directory, messageOf(error));
  }
  if (text === undefined && interruption !== undefined)
    return withoutResult(directory, { verdict: 'skipped', reasons: [interruption] });
  if (text === undefined) return damaged(directory, 'the file is missing');
  const checked = parseChecked(text, scenarioResultSchema);
  return 'problem' in checked ? damaged(directory, checked.problem) : checked.value;
};

/**
 * All results below the run directory `run`, sorted by kernel and scenario; empty if nothing ran. A directory
 * without a complete result (its process was killed, or the disk was full) gives a `broken` result, or a
 * `skipped` one without a file if the run was interrupted for the reason `interruption`.
 */
export const readResults = async (run: string, interruption?: string): Promise<ScenarioResult[]> => {
  const kernels = await directories(run);
  const scenarios = (await Promise.all(kernels.map(directories))).flat();
  return Promise.all(scenarios.sort().map((directory) => readResult(directory, interruption)));
};
