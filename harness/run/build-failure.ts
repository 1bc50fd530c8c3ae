// Reports a driver that does not compile as a result with the verdict `failed` and the compiler's errors.

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorsIn } from '../../images/kernels/build-log.js';
import { kernelRow } from '../../images/kernels/table.js';
import type { HarnessError } from '../base/errors.js';
import { printable } from '../base/text.js';
import { type FoundCause, findCauses } from '../diagnosis/causes/find-causes.js';
import type { Choice } from './choice.js';
import { readChosenDriver } from './environment.js';
import type { ScenarioResult } from './result.js';

/** The name of this result, in place of the name of a scenario. */
const name = 'build';

const logFile = 'build.log';

/** Says where the compiler's output is. */
export const compilerOutput = ({ directory }: ScenarioResult): string =>
  `compiler output: ${join(directory, logFile)}`;

/** The known causes of a failed build, such as an interface of the kernel that has changed. */
export const causesOfBuild = (log: string): FoundCause[] =>
  findCauses({ trace: [], dmesg: [], reasons: [], build: log.split('\n') });

/** Converts a DRIVER_BUILD error into a result, without what the run was about. */
const resultOf = (
  { fields }: HarnessError<'DRIVER_BUILD'>,
  log: string,
): Omit<ScenarioResult, 'driver' | 'generation' | 'directory'> => {
  const errors = errorsIn(log).map(printable);
  const reasons = [`does not build on ${fields.release}: ${fields.reason}`, ...errors.slice(1)];
  const causes = causesOfBuild(log);
  return {
    scenario: name,
    verdict: 'failed',
    reasons,
    unmet: [{ requirement: 'builds', check: reasons[0] ?? '' }],
    ...(causes.length > 0 && { causes }),
    seconds: 0,
    kernel: String(fields.release),
    qemu: 'none',
    accelerator: 'none',
    nodeMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
};

/**
 * Writes the result and the compiler's output to the run directory, because the next build overwrites the log
 * in the cache.
 */
export const writeBuildFailure = async (
  choice: Pick<Choice, 'run' | 'kernel' | 'generation' | 'driver' | 'description'>,
  error: HarnessError<'DRIVER_BUILD'>,
): Promise<ScenarioResult> => {
  const { run, kernel, generation } = choice;
  const directory = join(run, kernelRow(kernel).name, name);
  await mkdir(directory, { recursive: true });
  const log = join(directory, logFile);
  await copyFile(String(error.fields.log), log);
  const { name: driver } = await readChosenDriver(choice);
  const result = { ...resultOf(error, await readFile(log, 'utf8')), driver, generation, directory };
  await writeFile(join(directory, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
};
