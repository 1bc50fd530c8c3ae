// `vmmci coverage`: which lines of a driver the scenarios reach, and which outcomes of its conditions.

import { join } from 'node:path';
import { listOf } from '../base/text.js';
import { replaceFile } from '../base/write-file.js';
import { type FileCoverage, fileCoverage, percent, shareOf } from '../coverage/lines.js';
import {
  compareUnreached,
  readUnreached,
  type Unreached,
  type UnreachedLine,
} from '../coverage/unreached.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { coveragePage } from '../report/html-coverage.js';
import { readResults } from '../report/results.js';
import { columns } from '../report/table.js';
import { tapDigest } from '../report/tap-digest.js';
import { readSources } from '../run/changed-driver.js';
import { buildInstrumented, runInstrumented } from '../run/instrumented.js';
import { filesFor, scenarioFiles, scenarioFilesWith } from '../run/scenario-files.js';
import { defineCommand } from './define-command.js';
import { runInGuests } from './guest-run.js';
import { flag, type Values } from './option.js';
import { note, print } from './print.js';
import { choiceOf, jobs, runOptions } from './run-options.js';
import { scenarioProgress } from './scenario-progress.js';

const options = { ...runOptions, jobs, slow: flag('also run the slow scenarios') };

/** The summary shows at most this many lines without a reason; the page has all of them. */
const maxLines = 40;

/**
 * Prints the share of each file, the lines that need a reason, and the entries of the list that need none.
 */
const printCoverage = (
  covered: readonly FileCoverage[],
  open: readonly UnreachedLine[],
  stale: readonly Unreached[],
): void => {
  const total = {
    file: 'all',
    lines: covered.flatMap((file) => file.lines),
    branches: covered.flatMap((file) => file.branches),
  };
  print(
    columns([
      ['file', 'lines', '', 'outcomes', ''],
      ...[...covered, total].map(({ file, lines, branches }) => {
        const [own, outcomes] = [shareOf(lines), shareOf(branches)];
        return [file, percent(own), `of ${own.total}`, percent(outcomes), `of ${outcomes.total}`];
      }),
    ]),
  );
  for (const { file, line, text } of open.slice(0, maxLines)) print(`not reached  ${file}:${line}  ${text}`);
  if (open.length > maxLines) print(`… and ${open.length - maxLines} more`);
  for (const { file, line } of stale)
    print(`reached, or gone, although the list has a reason: ${file}: ${line}`);
};

/**
 * Exit status: that of the scenarios; 1 also if a line is not reached and has no reason in the list beside
 * the driver, or if the list has a line that is reached.
 */
const run = async (values: Values<typeof options>, words: readonly string[]): Promise<number> => {
  const workers = values.jobs ?? defaultJobs(resources());
  const choice = choiceOf(values);
  const sources = await readSources(choice.driver);
  const list = await readUnreached(choice.driver);
  const all = [
    ...(await scenarioFilesWith(choice.scenarios)),
    ...(values.slow ? await scenarioFiles('slow') : []),
  ];
  const files = words.length === 0 ? all.map(({ path }) => path) : filesFor(all, words);
  let incomplete = 0;
  const status = await runInGuests(choice, async ({ environment, progress, options }) => {
    const slot = options.env.TMPDIR ?? '';
    const build = await buildInstrumented(environment, sources, join(slot, 'instrumented'), options.signal);
    if (build.unprobed.length > 0) progress(`without probes: ${listOf(build.unprobed, 10)}`);
    progress(`running ${files.length} scenario files`);
    // The reasons of a scenario that fails; one that could not begin has no result that shows them.
    const digest = tapDigest(note, { quiet: true, maxLines: 6 });
    const showProgress = scenarioProgress(progress);
    const { coverage, results, status } = await runInstrumented(build, files, {
      ...options,
      choice,
      workers,
      read: readResults,
      onLine: (line) => {
        showProgress(line);
        digest.feed(line);
      },
    });
    if (results.length === 0) return status;
    const covered = fileCoverage(coverage);
    const { lines, stale } = compareUnreached(covered, sources, list);
    const page = join(choice.run, 'coverage.html');
    const kernel = environment.kernel.release;
    await replaceFile(
      page,
      coveragePage({ driver: environment.driver.name, kernel, files: covered, sources, unreached: lines }),
    );
    await replaceFile(join(choice.run, 'coverage.json'), `${JSON.stringify(covered, null, 1)}\n`);
    // A run of some scenarios cannot say that a line is not reached.
    const open = words.length > 0 ? [] : lines.filter(({ reason }) => reason === undefined);
    printCoverage(covered, open, stale);
    print(`page: ${page}`);
    incomplete = open.length + stale.length;
    return status;
  });
  return status === 0 && incomplete > 0 ? 1 : status;
};

export const command = defineCommand({
  operands: [
    { syntax: '[SCENARIO...]', help: 'scenarios to run, or patterns of scenario files (default: all)' },
  ],
  options,
  run,
});
