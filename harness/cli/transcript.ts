// `vmmci transcript`: records the register accesses of a driver, and prints, stores or compares them.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultKernelName, kernelRow } from '../../images/kernels/table.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { parseTraceLine } from '../base/trace-event.js';
import { readTranscript, writeTranscript } from '../driver/stored-transcript.js';
import { lastPhase, type Phase, render, transcriptOf } from '../driver/transcript.js';
import { diffTranscripts, renderDiff } from '../driver/transcript-diff.js';
import { countVerdicts, statusOfCounts } from '../report/counts.js';
import { readResults } from '../report/results.js';
import { tapDigest } from '../report/tap-digest.js';
import type { Choice } from '../run/choice.js';
import { openEnvironment } from '../run/environment.js';
import { type RunFilesOptions, runFiles } from '../run/run-files.js';
import { filesFor, scenarioFiles } from '../run/scenario-files.js';
import { unlessAborted } from '../run/signals.js';
import { defineCommand } from './define-command.js';
import { flag, list, type Values } from './option.js';
import { print } from './print.js';
import { progressLines } from './progress-lines.js';
import { choiceOf, kernelName, runOptions } from './run-options.js';
import { transcriptFailure } from './transcript-failure.js';
import { untilSignal } from './until-signal.js';

const options = {
  ...runOptions,
  kernel: list('NAME', runOptions.kernel.help, {
    read: kernelName,
    shown: defaultKernelName,
    variable: 'VMMCI_KERNEL',
  }),
  update: flag('store the accesses on the first kernel as transcript.txt beside the driver'),
};

/** Why there is no transcript of a kernel, for the user, and the exit status. */
interface Failure {
  readonly text: string;
  readonly status: number;
}

/** Runs the scenario on that kernel. Resolves with the accesses, or with the failure if it did not finish. */
const record = async (
  kernel: string,
  choice: Choice,
  options: Pick<RunFilesOptions, 'signal' | 'env'>,
): Promise<readonly Phase[] | Failure> => {
  const name = 'transcript';
  const lines: string[] = [];
  const digest = tapDigest((line) => lines.push(line), { quiet: true, maxLines: 6 });
  await runFiles(filesFor(await scenarioFiles(), [name]), {
    ...options,
    workers: 1,
    choice,
    onLine: digest.feed,
  });
  const result = (await readResults(choice.run)).find(
    ({ scenario, directory }) => scenario === name && directory.includes(`/${kernel}/`),
  );
  if (result === undefined) return { text: ['the scenario left no result', ...lines].join('\n'), status: 3 };
  const text = await readFile(join(result.directory, 'trace.jsonl'), 'utf8');
  const events = text.split('\n').flatMap((line) => parseTraceLine(line) ?? []);
  const ended = events.some((event) => event.kind === 'phase' && event.name === lastPhase);
  return ended
    ? transcriptOf(events)
    : { text: transcriptFailure(result), status: statusOfCounts(countVerdicts([result])) };
};

/**
 * Resolves with 0; with 1 if the accesses differ from the stored ones or the driver failed; otherwise with 3
 * if something is broken.
 */
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
    if ('text' in seen) {
      print(`${kernel}: ${seen.text}`);
      if (status !== 1) status = seen.status;
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
  const temporary = temporaryDirectory();
  try {
    return await untilSignal((signal) => transcribe(values, { signal, env: { TMPDIR: temporary.path } }));
  } finally {
    temporary.remove();
  }
};

export const command = defineCommand({ options, run });
