// `vmmci suite`: runs the tests of one or more tiers, and prints a table of the scenario results.

import { join, relative } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { ensureBrowser } from '../../images/browser/ensure.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import { HarnessError } from '../base/errors.js';
import { listOf } from '../base/text.js';
import { defaultJobs, defaultProcesses, resources } from '../matrix/jobs.js';
import { tapDigest } from '../report/tap-digest.js';
import { compiledFiles } from '../run/compiled-files.js';
import type { Environment } from '../run/environment.js';
import { type RunFilesOptions, runFiles } from '../run/run-files.js';
import { distroOf } from '../scenario/distro.js';
import { type CommandTable, defineCommand } from './define-command.js';
import { runInGuests } from './guest-run.js';
import { list, type Values } from './option.js';
import { print } from './print.js';
import { progressLines } from './progress-lines.js';
import { choiceIn, choiceOf, jobs, runOptions } from './run-options.js';
import { untilSignal } from './until-signal.js';

/** The compiled tests of a folder in the checkout. */
const filesIn = (folder: string, accepts: (name: string) => boolean): Promise<string[]> =>
  compiledFiles(join(packageRoot(), 'dist', folder), join(packageRoot(), folder), accepts);

const filesInAll = async (accepts: (name: string) => boolean): Promise<string[]> =>
  (await Promise.all(['images', 'harness', 'scenarios'].map((folder) => filesIn(folder, accepts)))).flat();

/** Needs the tool root, but no guest. */
const isToolRoot = (name: string): boolean => name.endsWith('.qtest.test.js');

/** Runs scenarios with the commands of `vmmci`. */
const isCommands = (name: string): boolean => name.endsWith('.commands.test.js');

/** Opens reports in a browser. */
const isBrowser = (name: string): boolean => name.endsWith('.chromium.test.js');

/** Slow: uses the distribution guest or rebuilds it. */
const isDistro = (name: string): boolean => name.endsWith('.distro.test.js');

/** Runs the jobs of the workflows on this host. */
const isWorkflows = (name: string): boolean => name.endsWith('.workflows.test.js');

const isUnit = (name: string): boolean =>
  name.endsWith('.test.js') &&
  ![isToolRoot, isCommands, isBrowser, isDistro, isWorkflows].some((is) => is(name));

/** A scenario file directly in the directory. */
const isScenario = (name: string): boolean => /^[\w-]+\.js$/.test(name);

interface Tier {
  readonly files: () => Promise<string[]>;
  /** The number of processes for a number of jobs (default: the same). */
  readonly workers?: (jobs: number) => number;
  /** Print no line for tests that pass. */
  readonly quiet?: boolean;
  /** The tests use the network. */
  readonly fetches?: boolean;
  /** Fetches what the tests need, before any of them starts. */
  readonly prepare?: () => Promise<unknown>;
  /** The tests run in guests. This prepares what they need besides tool root, kernel and driver. */
  readonly guests?: (environment: Environment) => Promise<unknown>;
}

const tiers: Readonly<Record<string, Tier>> = {
  unit: {
    files: () => filesInAll(isUnit),
    // One extra process, because some tests wait for child processes.
    workers: (jobs) => jobs + 1,
    quiet: true,
  },
  report: {
    files: () => filesIn('harness', isBrowser),
    prepare: async () => {
      const progress = progressLines();
      await ensureBrowser(await ensureToolRoot({ progress }), { progress });
    },
  },
  qtest: {
    files: () => filesInAll(isToolRoot),
  },
  guest: {
    files: () => filesIn('scenarios', isScenario),
    guests: async () => {},
  },
  // Scenarios that wait, cold-boot, or repeat many variants.
  slow: {
    files: () => filesIn('scenarios/slow', isScenario),
    guests: async () => {},
  },
  commands: {
    files: () => filesIn('harness', isCommands),
    // Each starts commands that run several guests in parallel.
    workers: () => 1,
    fetches: true,
  },
  workflows: {
    files: () => filesIn('harness', isWorkflows),
    // Each job runs several guests in parallel.
    workers: () => 1,
    fetches: true,
  },
  distro: {
    files: async () => [
      ...(await filesIn('scenarios/distro', isScenario)),
      ...(await filesIn('images', isDistro)),
    ],
    guests: (environment) => distroOf(environment, progressLines()),
    fetches: true,
  },
};

/**
 * Node.js 20 reads these certificates at every start, which takes 80 ms; tests without network do not need
 * them.
 */
const noCertificates = { NODE_EXTRA_CA_CERTS: undefined };

const names = Object.keys(tiers);

/** The word for all files: a workflow always has a value for VMMCI_ONLY, and an empty one is an error. */
const everything = 'all';

const options = {
  ...runOptions,
  jobs,
  only: list(
    'WORD',
    `only files whose paths in the repository contain WORD, or one of several with commas between (${everything}: every file)`,
    {
      read: (text) => text.split(',').filter((word) => word !== ''),
      variable: 'VMMCI_ONLY',
    },
  ),
};

interface ChosenTier extends Tier {
  readonly name: string;
  /** The test files to run. */
  readonly found: readonly string[];
}

/**
 * The tiers with the files that `only` selects. Rejects with NO_TEST_FILE if a tier has none, or if no tier
 * has one for a word, because an empty run must not pass. With `shared`, the words are for other commands,
 * too, and may be of no use here.
 */
const chooseFiles = async (
  chosen: readonly string[],
  only: readonly string[],
  shared: boolean,
): Promise<readonly ChosenTier[]> => {
  const words = only.length === 0 || only.includes(everything) ? [''] : only;
  const used = new Set<string>();
  const select = async (name: string): Promise<ChosenTier[]> => {
    const tier = tiers[name];
    if (tier === undefined) return [];
    const found = (await tier.files()).filter((file) => {
      const path = relative(join(packageRoot(), 'dist'), file);
      const hits = words.filter((word) => path.includes(word));
      for (const word of hits) used.add(word);
      return hits.length > 0;
    });
    if (found.length === 0)
      throw new HarnessError('NO_TEST_FILE', { tier: name, word: words.join("' or '") });
    return [{ ...tier, name, found }];
  };
  const selected = (await Promise.all(chosen.map(select))).flat();
  for (const word of words)
    if (!shared && !used.has(word)) throw new HarnessError('NO_TEST_FILE', { tier: chosen.join(', '), word });
  return selected;
};

/** Runs one tier and prints a summary. Resolves with 0 if all tests passed, otherwise with 1. */
const runTier = async (
  { name, found, guests, workers = (jobs) => jobs, quiet = false, fetches = false }: ChosenTier,
  jobs: number,
  options: Pick<RunFilesOptions, 'choice' | 'signal' | 'env' | 'onFailed'>,
): Promise<number> => {
  const start = performance.now();
  const digest = tapDigest(print, {
    quiet,
    // The rest of a scenario's output is in its artifacts; other tests have no artifacts.
    maxLines: guests === undefined ? 60 : 12,
  });
  const exitCode = await runFiles(found, {
    ...options,
    workers: workers(jobs),
    env: { ...options.env, ...(!fetches && noCertificates) },
    onLine: (line) => digest.feed(line),
    onSlow: (file, minutes) => process.stderr.write(`${name}: ${file} has run for ${minutes} min\n`),
  });
  const { total, failed, skipped } = digest.sums();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  print(
    `${name}: ${total - failed - skipped} assertions passed, ${failed} failed, ${skipped} skipped, in ${found.length} files, ${seconds} s`,
  );
  return exitCode === 0 && failed === 0 ? 0 : 1;
};

/** Exit status: that of the first tier that did not pass, or 0. A signal ends all tiers. */
const run = async (
  values: Values<typeof options>,
  operands: readonly string[],
  _: CommandTable,
  given: readonly string[],
): Promise<number> => {
  const chosen = await chooseFiles(
    [...new Set(operands.length === 0 ? ['unit'] : operands)],
    values.only.flat(),
    !given.includes('only'),
  );
  const inGuests = chosen.filter(({ guests }) => guests !== undefined).length;
  const choice = inGuests > 0 ? choiceOf(values) : choiceIn('', values);
  let worst = 0;
  const missed: string[] = [];
  for (const tier of chosen) {
    const { name, guests } = tier;
    const onFailed = (file: string): void => void missed.push(`${name}/${file}`);
    const status = await (guests === undefined
      ? untilSignal(async (signal) => {
          await tier.prepare?.();
          const processes = values.jobs ?? defaultProcesses(resources());
          return runTier(tier, processes, { choice, signal, onFailed });
        })
      : runInGuests(
          // Each tier has its own run directory and table.
          inGuests > 1 ? { ...choice, run: join(choice.run, name) } : choice,
          async ({ environment, options }) => {
            await guests(environment);
            return runTier(tier, values.jobs ?? defaultJobs(resources()), { ...options, onFailed });
          },
        ));
    if (status > 128) return status;
    worst = worst === 0 ? status : worst;
  }
  // What these printed may be far above, or cut off.
  if (missed.length > 0) print(`did not pass: ${listOf(missed, 5)}`);
  return worst;
};

export const command = defineCommand({
  operands: [{ syntax: '[TIER...]', help: 'tests to run (default: unit)', words: names }],
  options,
  run,
});
