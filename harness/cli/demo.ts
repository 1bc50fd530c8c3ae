// `vmmci demo`: the main job with a live account of it.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { packageRoot } from '../../images/asset.js';
import { readResults } from '../report/results.js';
import { renderMissing, renderTable } from '../report/table.js';
import { openEnvironment } from '../run/environment.js';
import { defineCommand } from './define-command.js';
import type { Values } from './option.js';
import { progressLines } from './progress-lines.js';
import { applyRunOptions, runOptions } from './run-options.js';

/** The order in which the story is told; scenarios that it does not name are left to the suite. */
const story = [
  'identity',
  'stock-driver',
  'clock-registers',
  'clock-bytewise',
  'clock-driver',
  'drift',
  'sync-rtc',
  'stop',
];

const scenarioFiles = async (): Promise<string[]> => {
  const directory = join(packageRoot(), 'dist', 'scenarios');
  const files = new Set(await readdir(directory));
  return story.filter((name) => files.has(`${name}.js`)).map((name) => join(directory, `${name}.js`));
};

/** The lines of a TAP stream that tell a person something. */
const tell = (line: string): string | undefined => {
  const [, indent, no, text] = /^( *)(not )?ok \d+ - (.*?)(?: # time=.*)?$/.exec(line) ?? [];
  if (text === undefined || indent !== '    ') return undefined;
  return `    ${no ? '✗' : '✓'} ${text}`;
};

const play = async (file: string, say: (line: string) => void): Promise<boolean> => {
  const child = execa(process.execPath, [file], {
    reject: false,
    stdin: 'ignore',
    stderr: 'inherit',
    buffer: false,
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const told = tell(line);
    if (told !== undefined) say(told);
  }
  return (await child).exitCode === 0;
};

/** The exit status: 0 when all passed, else 1. */
const run = async (values: Values<typeof runOptions>): Promise<number> => {
  const directory = await applyRunOptions(values);
  const progress = progressLines();
  const { kernel, qemu, accelerator, driver } = await openEnvironment(progress);
  progress(`kernel ${kernel.release}, driver ${driver.name}, QEMU ${qemu.version}`);
  progress(`accelerator ${accelerator.name}: ${accelerator.reason}`);
  let passed = true;
  for (const file of await scenarioFiles()) {
    progress(`scenario ${file.slice(file.lastIndexOf('/') + 1, -3)}`);
    passed = (await play(file, (line) => void process.stderr.write(`${line}\n`))) && passed;
  }
  const results = await readResults(directory);
  const heading = `${accelerator.name} (${accelerator.reason})`;
  process.stdout.write(`\n${renderTable(results, heading)}\n${renderMissing(results, passed)}`);
  return passed && results.length > 0 ? 0 : 1;
};

export const command = defineCommand({ options: runOptions, run });
