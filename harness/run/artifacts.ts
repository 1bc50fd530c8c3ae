// Writes the artifacts of a scenario, for people who investigate a failure.

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConsoleLine } from '../guest/console.js';
import type { Environment } from './environment.js';
import { reproduceScript } from './reproduce.js';
import type { ScenarioResult } from './result.js';

export interface Evidence {
  readonly console: readonly ConsoleLine[];
  readonly qemu: readonly string[];
  readonly dmesg: readonly string[];
}

const consoleText = (lines: readonly ConsoleLine[]): string => {
  const start = lines[0]?.at ?? 0;
  return lines.map(({ at, text }) => `[${((at - start) / 1000).toFixed(3).padStart(9)}] ${text}\n`).join('');
};

export const artifactDirectory = ({ choice, kernel }: Environment, scenario: string): string =>
  join(choice.run, kernel.name, scenario);

/** Always writes result.json; writes the other files if the scenario did not pass or `keep` is set. */
export const writeArtifacts = async (
  environment: Environment,
  result: ScenarioResult,
  { console, qemu, dmesg }: Evidence,
): Promise<void> => {
  const { directory } = result;
  await mkdir(directory, { recursive: true });
  const files: Readonly<Record<string, string>> = {
    'result.json': `${JSON.stringify(result, null, 2)}\n`,
    ...((result.verdict !== 'passed' || environment.choice.keep) && {
      'console.log': consoleText(console),
      'qemu.args': `${qemu.join('\n')}\n`,
      'dmesg.txt': `${dmesg.join('\n')}\n`,
      'reproduce.sh': reproduceScript(environment.choice, result.scenario),
    }),
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
  if ('reproduce.sh' in files) await chmod(join(directory, 'reproduce.sh'), 0o755);
};
