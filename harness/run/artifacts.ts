// Writes the artifacts of a scenario, for people who investigate a failure.

import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
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

/**
 * Writes the files for people if the scenario did not pass or `keep` is set. A file that cannot be written
 * completely is removed: cut short, it would mislead, and the result may need its space.
 */
export const writeEvidence = async (
  environment: Pick<Environment, 'choice'>,
  { scenario, verdict, directory }: Pick<ScenarioResult, 'scenario' | 'verdict' | 'directory'>,
  { console, qemu, dmesg, registers, memory }: Evidence,
): Promise<void> => {
  const failed = verdict !== 'passed';
  if (!failed && !environment.choice.keep) return;
  const text = (content: string) => (path: string) => writeFile(path, content);
  const writers: Readonly<Record<string, (path: string) => Promise<void>>> = {
    'console.log': text(consoleText(console)),
    'qemu.args': text(`${qemu.join('\n')}\n`),
    'dmesg.txt': text(`${dmesg.join('\n')}\n`),
    'reproduce.sh': (path) => writeFile(path, reproduceScript(environment.choice, scenario), { mode: 0o755 }),
    ...(failed && registers !== undefined && { 'registers.txt': text(registers.replaceAll('\r\n', '\n')) }),
    // Last, because it is by far the largest.
    ...(failed && memory !== undefined && { [basename(memory)]: (path: string) => copyFile(memory, path) }),
  };
  await mkdir(directory, { recursive: true });
  for (const [name, write] of Object.entries(writers)) {
    const path = join(directory, name);
    try {
      await write(path);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }
};

/** Writes result.json. Call it last: that the evidence could not be written is part of the result. */
export const writeResult = async (result: ScenarioResult): Promise<void> => {
  await mkdir(result.directory, { recursive: true });
  await writeFile(join(result.directory, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
};
