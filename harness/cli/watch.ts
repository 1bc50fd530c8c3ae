// `vmmci watch`: builds and tests a driver whenever one of its files is saved.

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildInTree, type ModuleSet } from '../../images/kernels/build.js';
import { ensureKernel } from '../../images/kernels/ensure.js';
import type { Kernel } from '../../images/kernels/kernel.js';
import { hashSources, listSources } from '../../images/kernels/module-sources.js';
import { kernelRow } from '../../images/kernels/table.js';
import type { ToolRoot } from '../../images/toolroot/enter.js';
import { HarnessError, hasCode } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { readResults } from '../report/results.js';
import { renderMissing, renderResults } from '../report/table.js';
import { compilerOutput, writeBuildFailure } from '../run/build-failure.js';
import type { Choice } from '../run/choice.js';
import { openShared } from '../run/environment.js';
import { markRunDirectory } from '../run/run-directory.js';
import { runFiles } from '../run/run-files.js';
import { filesFor, scenarioFilesWith } from '../run/scenario-files.js';
import { abortOnSignals, unlessAborted } from '../run/signals.js';
import { defineCommand } from './define-command.js';
import type { Values } from './option.js';
import { note, print } from './print.js';
import { progressLines } from './progress-lines.js';
import { choiceOf, jobs, runOptions } from './run-options.js';
import { type Watched, watchFiles } from './watch-files.js';

/** The default scenarios: they are quick and together use most of a driver. */
const defaultScenarios = ['clock-driver', 'command-order', 'sync-rtc'];

const options = { ...runOptions, jobs };

interface Trial {
  readonly root: ToolRoot;
  readonly kernel: Kernel;
  readonly choice: Choice;
  readonly files: readonly string[];
  /** A temporary directory. */
  readonly directory: string;
  readonly workers: number;
}

/** Only the artifacts of the newest save are kept. */
const emptyRun = async ({ run }: Choice): Promise<void> => {
  await rm(run, { recursive: true, force: true });
  markRunDirectory(run);
};

/**
 * Builds the driver, runs the scenarios and prints the results. Rejects if `ended` is aborted, or `outdated`
 * after the build.
 */
const attempt = async (
  { root, kernel, choice, files, directory, workers }: Trial,
  ended: AbortSignal,
  outdated: AbortSignal,
): Promise<void> => {
  const signal = AbortSignal.any([ended, outdated]);
  const tree = join(directory, 'tree');
  let built: ModuleSet;
  try {
    built = await buildInTree(kernel, root, choice.driver, tree, ended);
    for (const warning of built.warnings) print(warning);
  } catch (error) {
    // An incomplete save does not compile.
    signal.throwIfAborted();
    if (!hasCode(error, 'DRIVER_BUILD')) throw error;
    await emptyRun(choice);
    const result = await writeBuildFailure(choice, error);
    print(renderResults([result]));
    print(compilerOutput(result));
    return;
  }
  signal.throwIfAborted();
  const temporary = join(directory, 'tmp');
  await rm(temporary, { recursive: true, force: true });
  await emptyRun(choice);
  await mkdir(temporary);
  const status = await runFiles(files, {
    workers,
    choice: { ...choice, modules: built.directory },
    env: { TMPDIR: temporary },
    signal,
  });
  const results = await readResults(choice.run);
  print(renderResults(results));
  const missing = renderMissing(results, status === 0).trimEnd();
  if (missing !== '') print(missing);
};

/** Tries once, and stops early if the content of the driver no longer has the hash `key`. */
const tryOnce = async (
  trial: Trial,
  watched: Watched,
  content: () => Promise<string | undefined>,
  key: string,
  signal: AbortSignal,
): Promise<void> => {
  const start = performance.now();
  const outdated = new AbortController();
  const stop = watched.onEvent(() => {
    void content().then((now) => {
      if (now !== key) outdated.abort(new Error('changed again'));
    });
  });
  try {
    await attempt(trial, signal, outdated.signal);
    print(`${((performance.now() - start) / 1000).toFixed(1)} s from the save; waiting for the next`);
  } catch (error) {
    if (signal.aborted) return;
    if (!outdated.signal.aborted && (await content()) === key) throw error;
    print('changed again');
  } finally {
    stop();
  }
};

/** True for a file that is missing between two events of a save, and for a directory without a Makefile. */
const isIncomplete = (error: unknown): boolean => {
  const cause = error instanceof HarnessError ? error.cause : error;
  return cause === undefined || systemCode(cause) === 'ENOENT';
};

const watchDriver = async (trial: Trial, signal: AbortSignal): Promise<void> => {
  const { driver } = trial.choice;
  const watched = watchFiles(driver, note);
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
    if (signal.aborted) resolve();
  });
  // A save causes several events, and a file may be missing between two of them, so compare the content.
  let reported = '';
  const content = (): Promise<string | undefined> =>
    listSources(driver)
      .then((sources) => hashSources(driver, sources, []))
      .catch((error: unknown) => {
        const message = messageOf(error);
        if (!isIncomplete(error) && message !== reported) note(`${message}; waiting for the next save`);
        reported = message;
        return undefined;
      });
  let tried: string | undefined;
  try {
    while (!signal.aborted) {
      const key = await content();
      // Unreadable sources mean an incomplete save; another event follows at its end.
      if (key !== undefined && key !== tried) {
        tried = key;
        await tryOnce(trial, watched, content, key, signal);
      }
      if (!signal.aborted) await Promise.race([watched.changed(), aborted]);
    }
  } finally {
    watched.close();
  }
};

/** Exit status: 0 after a signal, which is the normal end. */
const run = async (values: Values<typeof options>, names: readonly string[]): Promise<number> => {
  const files = filesFor(
    await scenarioFilesWith(values.scenarios),
    names.length === 0 ? defaultScenarios : names,
  );
  const workers = values.jobs ?? defaultJobs(resources());
  const row = kernelRow(values.kernel);
  const choice = choiceOf(values);
  const progress = progressLines();
  const { signal, release } = abortOnSignals();
  const temporary = temporaryDirectory();
  try {
    const opened = openShared(choice, progress).then(async ({ root }) => ({
      root,
      kernel: await ensureKernel(row, root, { progress }),
    }));
    const ready = await unlessAborted(opened, signal);
    if (ready === undefined) return 0;
    print(`watching ${choice.driver} on ${ready.kernel.release}`);
    await watchDriver({ ...ready, choice, files, directory: temporary.path, workers }, signal);
    return 0;
  } finally {
    release();
    temporary.remove();
  }
};

export const command = defineCommand({
  operands: [
    {
      syntax: '[SCENARIO...]',
      help: `scenarios to run at each save (default: ${defaultScenarios.join(', ')})`,
    },
  ],
  options,
  notes: ['Press Ctrl-C to stop.'],
  run,
});
