// `vmmci transcript`: the accesses to the registers that a driver makes, shown, stored, and compared with those that are stored.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asset } from '../../images/asset.js';
import { askFor, defaultKernelName, kernelRow } from '../../images/kernels/table.js';
import { parseTraceLine } from '../base/trace-event.js';
import { readTranscript, writeTranscript } from '../driver/stored-transcript.js';
import { lastPhase, type Phase, render, transcriptOf } from '../driver/transcript.js';
import { diffTranscripts, renderDiff } from '../driver/transcript-diff.js';
import { readResults } from '../report/results.js';
import { openEnvironment, variables } from '../run/environment.js';
import { runFiles } from '../run/run-files.js';
import { filesFor, scenarioFiles } from '../run/scenario-files.js';
import { defineCommand } from './define-command.js';
import { flag, list, type Values } from './option.js';
import { progressLines } from './progress-lines.js';
import { applyRunOptions, runOptions } from './run-options.js';

const { keep: _, ...common } = runOptions;

const options = {
  ...common,
  kernel: list('NAME', common.kernel.help, { shown: defaultKernelName }),
  update: flag('store the accesses, those on the first kernel, as transcript.txt beside the driver'),
};

/** Runs the scenario on that kernel, and resolves with what the driver did; with a reason when it did not get to the end. */
const record = async (kernel: string, run: string): Promise<readonly Phase[] | string> => {
  const name = 'transcript';
  const env = { [variables.kernel]: kernel, [variables.run]: run, [variables.keep]: '1' };
  await runFiles(filesFor(await scenarioFiles(), [name]), { workers: 1, env });
  const result = (await readResults(run)).find(
    ({ scenario, directory }) => scenario === name && directory.includes(`/${kernel}/`),
  );
  if (result === undefined) return 'the scenario left no result';
  const text = await readFile(join(result.directory, 'trace.jsonl'), 'utf8');
  const events = text.split('\n').flatMap((line) => parseTraceLine(line) ?? []);
  const ended = events.some((event) => event.kind === 'phase' && event.name === lastPhase);
  return ended ? transcriptOf(events) : `${result.verdict}: ${result.reasons.join('; ')}`;
};

/** The exit status: 0, or 1 when a driver does something else than is stored. */
const run = async (values: Values<typeof options>): Promise<number> => {
  const names =
    values.kernel.length === 0 ? [process.env[variables.kernel] ?? defaultKernelName] : values.kernel;
  const rows = names.map(kernelRow);
  const run = await applyRunOptions({ ...values, kernel: undefined, keep: true });
  const driver = resolve(process.env[variables.driver] ?? asset('driver'));
  const progress = progressLines();
  let stored = values.update ? undefined : await readTranscript(driver);
  let status = 0;
  for (const row of rows) {
    const kernel = row.name;
    process.env[variables.kernel] = askFor(row);
    await openEnvironment(progress);
    progress(`transcript on ${kernel}`);
    const seen = await record(kernel, run);
    if (typeof seen === 'string') {
      process.stdout.write(`${kernel}: ${seen}\n`);
      status = 1;
    } else if (stored === undefined) {
      process.stdout.write(render(seen));
      if (!values.update) continue;
      process.stdout.write(`stored in ${await writeTranscript(driver, seen)}\n`);
      stored = seen;
    } else {
      const changed = diffTranscripts(stored, seen).filter(({ same }) => !same);
      process.stdout.write(
        changed.length === 0
          ? `${kernel}: as stored\n`
          : `${kernel}: - is stored, + was seen\n${changed.map((diff) => `${renderDiff(diff)}\n`).join('\n')}`,
      );
      if (changed.length > 0) status = 1;
    }
  }
  return status;
};

export const command = defineCommand({ options, run });
