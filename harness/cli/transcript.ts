// `vmmci transcript`: records the register accesses of a driver, and prints, stores or compares them.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultKernelName, kernelRow } from '../../images/kernels/table.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { parseTraceLine } from '../base/trace-event.js';
import { readTranscript, writeTranscript } from '../driver/stored-transcript.js';
import { lastPhase, type Phase, render, transcriptOf } from '../driver/transcript.js';
import { diffTranscripts, renderDiff } from '../driver/transcript-diff.js';
import { readResults } from '../report/results.js';
import type { Choice } from '../run/choice.js';
import { openEnvironment } from '../run/environment.js';
import { type RunFilesOptions, runFiles } from '../run/run-files.js';
import { filesFor, scenarioFiles } from '../run/scenario-files.js';
import { abortOnSignals, unlessAborted } from '../run/signals.js';
import { defineCommand } from './define-command.js';
import { flag, list, type Values } from './option.js';
import { note, print } from './print.js';
import { progressLines } from './progress-lines.js';
import { choiceOf, kernelName, runOptions } from './run-options.js';
import { transcriptFailure } from './transcript-failure.js';

const options = {
  ...runOptions,
  kernel: list('NAME', runOptions.kernel.help, {
    read: kernelName,
    shown: defaultKernelName,
    variable: 'VMMCI_KERNEL',
  }),
  update: flag('store the accesses on the first kernel as transcript.txt beside the driver'),
};

/** Runs the scenario on that kernel. Resolves with the accesses, or with the reason if it did not finish. */
const record = async (
  kernel: string,
  choice: Choice,
  options: Pick<RunFilesOptions, 'signal' | 'env'>,
): Promise<readonly Phase[] | string> => {
  const name = 'transcript';
  await runFiles(filesFor(await scenarioFiles(), [name]), { ...options, workers: 1, choice });
  const result = (await readResults(choice.run)).find(
    ({ scenario, directory }) => scenario === name && directory.includes(`/${kernel}/`),
  );
  if (result === undefined) return 'the scenario left no result';
  const text = await readFile(join(result.directory, 'trace.jsonl'), 'utf8');
  const events = text.split('\n').flatMap((line) => parseTraceLine(line) ?? []);
  const ended = events.some((event) => event.kind === 'phase' && event.name === lastPhase);
  return ended ? transcriptOf(events) : transcriptFailure(result);
};

/** Resolves with 0, or 1 if the accesses differ from the stored ones. */
const transcribe = async (
  values: Values<typeof options>,
  within: Required<Pick<RunFilesOptions, 'signal' | 'env'>>,
): Promise<number> => {
  const names = values.kernel.length === 0 ? [defaultKernelName] : values.kernel;
  const choice = { ...choiceOf({ ...values, kernel: defaultKernelName }), keep: true };
  const { driver } = choice;
  const progress = progressLines();
  let stored = values.update ? undefined : await readTranscript(driver);
  let status = 0;
  for (const asked of names) {
    const kernel = kernelRow(asked).name;
    const kernelChoice = { ...choice, kernel: asked };
    await unlessAborted(openEnvironment(kernelChoice, { progress }), within.signal);
    within.signal.throwIfAborted();
    progress(`transcript on ${kernel}`);
    const seen = await record(kernel, kernelChoice, within);
    if (typeof seen === 'string') {
      print(`${kernel}: ${seen}`);
      status = 1;
    } else if (stored === undefined) {
      print(render(seen).trimEnd());
      if (!values.update) continue;
      print(`stored in ${await writeTranscript(driver, seen)}`);
      stored = seen;
    } else {
      const changed = diffTranscripts(stored, seen).filter(({ same }) => !same);
      print(
        changed.length === 0
          ? `${kernel}: as stored`
          : `${kernel}: - is stored, + was seen\n${changed.map(renderDiff).join('\n\n')}`,
      );
      if (changed.length > 0) status = 1;
    }
  }
  return status;
};

/** Exit status: as for `transcribe`; 128+n after signal n. */
const run = async (values: Values<typeof options>): Promise<number> => {
  const { signal, status, release } = abortOnSignals();
  const temporary = temporaryDirectory();
  try {
    return await transcribe(values, { signal, env: { TMPDIR: temporary.path } });
  } catch (error) {
    if (!signal.aborted) throw error;
    note(signal.reason.message);
    return status() ?? 1;
  } finally {
    release();
    temporary.remove();
  }
};

export const command = defineCommand({ options, run });
