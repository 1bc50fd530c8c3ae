// A driver that does not compile is a verdict like others: `failed`, with the first error of the compiler.
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { defaultKernelName } from '../../images/kernels/table.js';
import type { HarnessError } from '../base/errors.js';
import { DEFAULT_GENERATION } from '../vmmci/generations.js';
import { variables } from './environment.js';
import type { ScenarioResult } from './result.js';

/** The name under which it appears among the scenarios. */
const name = 'build';

/** What a DRIVER_BUILD means, as it is told among the results. `directory` is that of its artifacts. */
export const buildFailure = (
  { fields }: HarnessError<'DRIVER_BUILD'>,
  directory: string,
): ScenarioResult => ({
  scenario: name,
  verdict: 'failed',
  reasons: [`does not build on ${fields.release}: ${fields.reason}; log: ${fields.log}`],
  seconds: 0,
  kernel: String(fields.release),
  generation: process.env[variables.generation] ?? DEFAULT_GENERATION,
  driver: basename(String(fields.directory)),
  qemu: 'none',
  accelerator: 'none',
  nodeMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  directory,
});

/** Writes it where the results of that run are looked for. */
export const writeBuildFailure = async (
  run: string,
  error: HarnessError<'DRIVER_BUILD'>,
): Promise<ScenarioResult> => {
  const directory = join(run, process.env[variables.kernel] ?? defaultKernelName, name);
  const result = buildFailure(error, directory);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
};
