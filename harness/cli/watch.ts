// `vmmci watch`: a driver is built and tried whenever one of its files is saved.

import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { asset } from '../../images/asset.js';
import { buildInTree } from '../../images/kernels/build.js';
import { hashSources, listSources } from '../../images/kernels/module-sources.js';
import { hasCode } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { firstLine } from '../base/text.js';
import { messageOf } from '../base/thrown.js';
import { readResults } from '../report/results.js';
import { columns } from '../report/table.js';
import { type Environment, openEnvironment, variables } from '../run/environment.js';
import { runFiles } from '../run/run-files.js';
import { filesFor, scenarioFiles } from '../run/scenario-files.js';
import { defineCommand } from './define-command.js';
import { interrupted } from './interrupted.js';
import type { Values } from './option.js';
import { progressLines } from './progress-lines.js';
import { applyRunOptions, runOptions } from './run-options.js';
import { watchFiles } from './watch-files.js';

/** Quick, and between them they use most of a driver. */
const usual = ['clock-driver', 'sync-rtc'];

interface Bench {
  readonly environment: Environment;
  readonly driver: string;
  readonly files: readonly string[];
  /** Temporary, and gone in the end. */
  readonly place: string;
  readonly run: string;
}

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Builds, runs the scenarios, and prints what came of it. Rejects when `signal` is aborted. */
const attempt = async (
  { environment, driver, files, place, run }: Bench,
  signal: AbortSignal,
): Promise<void> => {
  const { kernel, root } = environment;
  const tree = join(place, 'tree');
  try {
    const { warnings } = await buildInTree(kernel, root, driver, tree);
    for (const warning of warnings) print(warning);
  } catch (error) {
    if (!hasCode(error, 'DRIVER_BUILD')) throw error;
    print(`FAILED: ${messageOf(error)}`);
    return;
  }
  const temporary = join(place, 'tmp');
  await rm(temporary, { recursive: true, force: true });
  await rm(run, { recursive: true, force: true });
  await mkdir(temporary);
  const env = { [variables.modules]: tree, [variables.run]: run, TMPDIR: temporary };
  await runFiles(files, { workers: availableParallelism(), env, signal });
  const results = await readResults(run);
  print(
    columns(
      results.map(({ scenario, verdict, seconds, reasons }) => [
        scenario,
        verdict === 'passed' || verdict === 'skipped' ? verdict : verdict.toUpperCase(),
        `${seconds.toFixed(1)} s`,
        firstLine(reasons[0]),
      ]),
    ),
  );
};

/** The exit status: 0, when it is told to end. */
const run = async (values: Values<typeof runOptions>, names: readonly string[]): Promise<number> => {
  const files = filesFor(await scenarioFiles(), names.length === 0 ? usual : names);
  const directory = await applyRunOptions(values);
  const driver = resolve(process.env[variables.driver] ?? asset('driver'));
  await listSources(driver);
  const environment = await openEnvironment(progressLines());
  const place = temporaryDirectory().path;
  const bench: Bench = { environment, driver, files, place, run: join(directory, 'watch') };
  const { signal, done } = interrupted();
  const watched = watchFiles(driver);
  const told = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  // A save is several events, and a file may be away between two of them: what counts is whether the content is another.
  const content = (): Promise<string | undefined> =>
    listSources(driver)
      .then((sources) => hashSources(driver, sources, []))
      .catch(() => undefined);
  let tried: string | undefined;
  const tryOnce = async (key: string): Promise<void> => {
    tried = key;
    const start = performance.now();
    const outdated = new AbortController();
    const stop = watched.onEvent(() => {
      void content().then((now) => {
        if (now !== key) outdated.abort(new Error('changed again'));
      });
    });
    try {
      await attempt(bench, AbortSignal.any([signal, outdated.signal]));
      print(`${((performance.now() - start) / 1000).toFixed(1)} s from the save; waiting for the next`);
    } catch (error) {
      if (signal.aborted) return;
      if (!outdated.signal.aborted && (await content()) === key) throw error;
      print('changed again');
    } finally {
      stop();
    }
  };
  try {
    print(`watching ${driver} on ${environment.kernel.release}`);
    while (!signal.aborted) {
      const key = await content();
      // Sources that cannot be read are in the middle of a save, of which another event tells the end.
      if (key !== undefined && key !== tried) await tryOnce(key);
      if (!signal.aborted) await Promise.race([watched.changed(), told]);
    }
    return 0;
  } finally {
    watched.close();
    done();
    await rm(place, { recursive: true, force: true });
  }
};

export const command = defineCommand({
  operands: [
    { syntax: '[SCENARIO...]', help: `scenarios to run at each save (default: ${usual.join(' and ')})` },
  ],
  options: runOptions,
  notes: ['Ctrl-C ends it.'],
  run,
});
