// Reports a driver that does not compile as a result with the verdict `failed` and the first compiler error.

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { kernelRow } from '../../images/kernels/table.js';
import type { HarnessError } from '../base/errors.js';
import type { Choice } from './choice.js';
import type { ScenarioResult } from './result.js';

/** The name of this result in place of a scenario's. */
const name = 'build';

/** Converts a DRIVER_BUILD error into a result. `directory` is the directory of its artifacts. */
export const buildFailure = (
  { fields }: HarnessError<'DRIVER_BUILD'>,
  generation: string,
  directory: string,
): ScenarioResult => ({
  scenario: name,
  verdict: 'failed',
  reasons: [`does not build on ${fields.release}: ${fields.reason}; log: ${fields.log}`],
  seconds: 0,
  kernel: String(fields.release),
  generation,
  driver: basename(String(fields.directory)),
  qemu: 'none',
  accelerator: 'none',
  nodeMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  directory,
});

/** Writes the result to the run directory. */
export const writeBuildFailure = async (
  { run, kernel, generation }: Choice,
  error: HarnessError<'DRIVER_BUILD'>,
): Promise<ScenarioResult> => {
  const directory = join(run, kernelRow(kernel).name, name);
  const result = buildFailure(error, generation, directory);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
};
