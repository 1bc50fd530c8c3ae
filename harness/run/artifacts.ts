// What a scenario leaves behind for whoever has to find out why.

import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { shellWord } from '../base/text.js';
import type { Trace } from '../base/trace.js';
import type { ConsoleLine } from '../guest/console.js';
import { type Environment, variables } from './environment.js';
import type { ScenarioResult } from './result.js';

export interface Evidence {
  readonly trace: Trace;
  readonly console: readonly ConsoleLine[];
  readonly qemu: readonly string[];
  readonly dmesg: readonly string[];
  /** The compiled scenario file. */
  readonly file: string;
}

const reproduce = (
  { kernel, driver, description, generation }: Environment,
  file: string,
): string => `#!/bin/sh
# Runs this scenario again, alone, and keeps what it leaves.
cd ${shellWord(packageRoot())} && npm run --silent build &&
exec env ${variables.kernel}=${shellWord(kernel.ask)} ${variables.driver}=${shellWord(driver.directory)} ${description === undefined ? '' : `${variables.description}=${shellWord(description)} `}\\
	${variables.generation}=${generation} ${variables.keep}=1 \\
	node ${shellWord(file)}
`;

const consoleText = (lines: readonly ConsoleLine[]): string => {
  const start = lines[0]?.at ?? 0;
  return lines.map(({ at, text }) => `[${((at - start) / 1000).toFixed(3).padStart(9)}] ${text}\n`).join('');
};

export const artifactDirectory = ({ run, kernel }: Environment, scenario: string): string =>
  join(run, kernel.name, scenario);

/** Always writes result.json; the rest unless the scenario passed and nothing is to be kept. */
export const writeArtifacts = async (
  environment: Environment,
  result: ScenarioResult,
  { trace, console, qemu, dmesg, file }: Evidence,
): Promise<void> => {
  const { directory } = result;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const files: Readonly<Record<string, string>> = {
    'result.json': `${JSON.stringify(result, null, 2)}\n`,
    ...((result.verdict !== 'passed' || environment.keep) && {
      'console.log': consoleText(console),
      'trace.jsonl': trace.toJsonLines(),
      'qemu.args': `${qemu.join('\n')}\n`,
      'dmesg.txt': `${dmesg.join('\n')}\n`,
      'reproduce.sh': reproduce(environment, file),
    }),
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
  if ('reproduce.sh' in files) await chmod(join(directory, 'reproduce.sh'), 0o755);
};
