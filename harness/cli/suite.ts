// `vmmci suite`: the tests of a tier, through tap, and a table of what the scenarios came to.

import { join } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { HarnessError } from '../base/errors.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { tapDigest } from '../report/tap-digest.js';
import { compiledFiles } from '../run/compiled-files.js';
import type { Environment } from '../run/environment.js';
import { type RunFilesOptions, runFiles } from '../run/run-files.js';
import { abortOnSignals } from '../run/signals.js';
import { distroOf } from '../scenario/distro.js';
import { defineCommand } from './define-command.js';
import { runInGuests } from './guest-run.js';
import { type Values, value } from './option.js';
import { print } from './print.js';
import { progressLines } from './progress-lines.js';
import { choiceIn, choiceOf, jobs, runOptions } from './run-options.js';

/** The tests in a folder of the checkout. */
const filesIn = (folder: string, fits: (name: string) => boolean): Promise<string[]> =>
  compiledFiles(join(packageRoot(), 'dist', folder), join(packageRoot(), folder), fits);

/** Needs the tool root, but no guest. */
const isToolRoot = (name: string): boolean => name.endsWith('.qtest.test.js');

/** Runs scenarios through the commands. */
const isCommands = (name: string): boolean => name.endsWith('.commands.test.js');

/** Looks at reports in a browser. */
const isBrowser = (name: string): boolean => name.endsWith('.chromium.test.js');

/** Slow: needs the distribution guest, or makes it anew. */
const isDistro = (name: string): boolean => name.endsWith('.distro.test.js');

/** Runs the jobs of the workflows here. */
const isWorkflows = (name: string): boolean => name.endsWith('.workflows.test.js');

const isUnit = (name: string): boolean =>
  name.endsWith('.test.js') &&
  ![isToolRoot, isCommands, isBrowser, isDistro, isWorkflows].some((is) => is(name));

/** A scenario of the directory itself. */
const isScenario = (name: string): boolean => /^[\w-]+\.js$/.test(name);

interface Tier {
  readonly files: () => Promise<string[]>;
  /** How many processes do it, where not just so many as there are jobs. */
  readonly workers?: (jobs: number) => number;
  /** Says nothing of tests that pass. */
  readonly quiet?: boolean;
  /** Tests of it fetch something from elsewhere. */
  readonly fetches?: boolean;
  /** They run in guests; made first is what those need besides tool root, kernel and driver. */
  readonly guests?: (environment: Environment) => Promise<unknown>;
}

const tiers: Readonly<Record<string, Tier>> = {
  unit: {
    files: async () => [...(await filesIn('harness', isUnit)), ...(await filesIn('images', isUnit))],
    // One more than processors: some wait for processes of their own.
    workers: (jobs) => jobs + 1,
    quiet: true,
  },
  report: { files: () => filesIn('harness', isBrowser) },
  qtest: {
    files: async () => [...(await filesIn('images', isToolRoot)), ...(await filesIn('harness', isToolRoot))],
  },
  guest: {
    files: () => filesIn('scenarios', isScenario),
    guests: async () => {},
  },
  // Those that wait, boot from nothing, or do much the same in many variants.
  slow: {
    files: () => filesIn('scenarios/slow', isScenario),
    guests: async () => {},
  },
  commands: {
    files: () => filesIn('harness', isCommands),
    // Each starts commands that run as many guests as there are processors.
    workers: () => 1,
    fetches: true,
  },
  workflows: {
    files: () => filesIn('harness', isWorkflows),
    // Each job runs as many guests as there are processors.
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

/** Node 20 reads the certificates named there whenever it starts, 80 ms of them; whoever fetches nothing does without. */
const noCertificates = { NODE_EXTRA_CA_CERTS: undefined };

interface Limits {
  readonly jobs: number;
  readonly only: string | undefined;
}

const names = Object.keys(tiers);

const options = {
  ...runOptions,
  jobs,
  only: value('WORD', 'only files with WORD in their name'),
};

/** Runs one tier and prints how it went. Resolves with 0 when all passed, else 1. */
const runTier = async (
  name: string,
  { files, guests, workers = (jobs) => jobs, quiet = false, fetches = false }: Tier,
  { jobs, only }: Limits,
  options: Pick<RunFilesOptions, 'choice' | 'signal' | 'env'>,
): Promise<number> => {
  const found = (await files()).filter((file) => only === undefined || file.includes(only));
  // A tier without tests is an error: a run of nothing must not be green.
  if (found.length === 0) throw new HarnessError('NO_TEST_FILE', { tier: name, word: only ?? '.test.js' });
  const start = performance.now();
  const digest = tapDigest(print, {
    quiet,
    // A scenario has artifacts with the rest; a test of the harness has nothing but this.
    maxLines: guests === undefined ? 60 : 12,
  });
  const exitCode = await runFiles(found, {
    ...options,
    workers: workers(jobs),
    env: { ...options.env, ...(!fetches && noCertificates) },
    onLine: (line) => digest.feed(line),
  });
  const { total, failed, skipped } = digest.sums();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  print(
    `${name}: ${total - failed - skipped} assertions passed, ${failed} failed, ${skipped} skipped, in ${found.length} files, ${seconds} s`,
  );
  return exitCode === 0 && failed === 0 ? 0 : 1;
};

/** Tests that need no guest, and leave nothing behind by themselves. */
const runWithoutGuests = async (go: (signal: AbortSignal) => Promise<number>): Promise<number> => {
  const { signal, status, release } = abortOnSignals();
  try {
    return await go(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    print(signal.reason.message);
    return status() ?? 1;
  } finally {
    release();
  }
};

/** The exit status: that of the first tier that did not pass, or 0. A signal ends all. */
const run = async (values: Values<typeof options>, operands: readonly string[]): Promise<number> => {
  const limits = { jobs: values.jobs ?? defaultJobs(resources()), only: values.only };
  const chosen = (operands.length === 0 ? ['unit'] : operands).flatMap((name) => {
    const tier = tiers[name];
    return tier === undefined ? [] : [{ name, tier }];
  });
  const inGuests = chosen.filter(({ tier }) => tier.guests !== undefined).length;
  const choice = inGuests > 0 ? choiceOf(values) : choiceIn('', values);
  let worst = 0;
  for (const { name, tier } of chosen) {
    const { guests } = tier;
    const status = await (guests === undefined
      ? runWithoutGuests((signal) => runTier(name, tier, limits, { choice, signal }))
      : runInGuests(
          // Each has a table of its own.
          inGuests > 1 ? { ...choice, run: join(choice.run, name) } : choice,
          async ({ environment, options }) => {
            await guests(environment);
            return runTier(name, tier, limits, options);
          },
        ));
    if (status > 128) return status;
    worst = worst === 0 ? status : worst;
  }
  return worst;
};

export const command = defineCommand({
  operands: [{ syntax: '[TIER...]', help: 'tests to run (default: unit)', words: names }],
  options,
  run,
});
