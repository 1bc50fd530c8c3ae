// Writes the artifacts of a scenario, for people who investigate a failure.

import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ConsoleLine } from '../guest/console.js';
import type { Environment } from './environment.js';
import { reproduceScript } from './reproduce.js';
import type { ScenarioResult } from './result.js';

export interface Evidence {
  readonly console: readonly ConsoleLine[];
  readonly qemu: readonly string[];
  readonly dmesg: readonly string[];
  /** Of all CPUs, if the guest panicked, hung or went down. */
  readonly registers?: string | undefined;
  /** The path of a dump of its memory, to be copied. */
  readonly memory?: string | undefined;
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
  { console, qemu, dmesg, registers, memory }: Evidence,
): Promise<void> => {
  const { directory } = result;
  await mkdir(directory, { recursive: true });
  const failed = result.verdict !== 'passed';
  const files: Readonly<Record<string, string>> = {
    'result.json': `${JSON.stringify(result, null, 2)}\n`,
    ...((failed || environment.choice.keep) && {
      'console.log': consoleText(console),
      'qemu.args': `${qemu.join('\n')}\n`,
      'dmesg.txt': `${dmesg.join('\n')}\n`,
      'reproduce.sh': reproduceScript(environment.choice, result.scenario),
    }),
    ...(failed && registers !== undefined && { 'registers.txt': registers.replaceAll('\r\n', '\n') }),
  };
  if (failed && memory !== undefined) await copyFile(memory, join(directory, basename(memory)));
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
  if ('reproduce.sh' in files) await chmod(join(directory, 'reproduce.sh'), 0o755);
};
