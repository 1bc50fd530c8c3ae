// `vmmci seeded`: proves that the suite can fail. It patches each known bug into the driver; a scenario must
// catch it, and the cause that is named must be the right one.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asset } from '../../images/asset.js';
import { kernelRow } from '../../images/kernels/table.js';
import { findKernel } from '../../images/kernels/tree.js';
import type { Progress } from '../../images/toolroot/progress.js';
import { HarnessError } from '../base/errors.js';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { listOf, shorten } from '../base/text.js';
import { replaceFile } from '../base/write-file.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { columns } from '../report/table.js';
import { readSources } from '../run/changed-driver.js';
import { openEnvironment } from '../run/environment.js';
import { inSlots } from '../run/in-slots.js';
import { scenarioFiles } from '../run/scenario-files.js';
import { applyBug, isSelectedBy, readBugs, type SeededBug } from '../run/seeded-bug.js';
import type { Naming, SeededResult, SeededStatus } from '../run/seeded-result.js';
import { unlessAborted } from '../run/signals.js';
import { defineCommand } from './define-command.js';
import type { Values } from './option.js';
import { print } from './print.js';
import { progressLines } from './progress-lines.js';
import { choiceOf, jobs, runOptions } from './run-options.js';
import { smoke, tryBug, tryUnpatched, type Unusable } from './try-seeded-bug.js';
import { untilSignal } from './until-signal.js';

const { driver: _, 'driver-description': __, ...common } = runOptions;

const options = { ...common, jobs };

const statusWord: Readonly<Record<SeededStatus, string>> = {
  caught: 'caught',
  'caught elsewhere': 'CAUGHT BY ANOTHER SCENARIO',
  survived: 'SURVIVED',
  broken: 'BROKEN',
};

/** The maximum length of a check's line in the table. */
const maxLine = 110;

interface PatchedBug {
  readonly bug: SeededBug;
  readonly patched: ReadonlyMap<string, string>;
}

/** What is said of the causes: those that were named, and what was expected if they are not right. */
const causesText = ({ causes, expected, naming }: SeededResult): string => {
  const named = causes.join(', ') || 'no cause';
  if (naming === 'right') return named;
  return `${naming === 'wrong' ? 'WRONG CAUSE: ' : ''}${named} (expected ${expected.join(' or ') || 'none'})`;
};

const row = (result: SeededResult): string[] => {
  const { bug, status, by, line, seconds } = result;
  return [
    bug,
    by === '' ? statusWord[status] : `${statusWord[status]}${status === 'caught' ? ' by' : ':'} ${by}`,
    `${seconds.toFixed(1).padStart(5)} s`,
    causesText(result),
    shorten(line, maxLine),
  ];
};

/** The file of a run that has a line for each bug. */
const detailsFile = 'seeded-bugs.txt';

/** The maximum number of bugs that the summary names. */
const maxNamed = 20;

const isRight = ({ status, naming }: Pick<SeededResult, 'status' | 'naming'>): boolean =>
  status === 'caught' && naming !== 'wrong';

/**
 * 1 if a bug was not caught or got a wrong cause, or if the unpatched driver failed; 3 if the only problem is
 * that something broke.
 */
export const statusOfResults = (
  results: readonly Pick<SeededResult, 'status' | 'naming'>[],
  unusable: readonly Unusable[],
): number => {
  const bad = results.filter((result) => !isRight(result));
  if (unusable.some(({ hasFailed }) => hasFailed) || bad.some(({ status }) => status !== 'broken')) return 1;
  return bad.length > 0 || unusable.length > 0 ? 3 : 0;
};

/** The bugs that somebody must look at, those without a cause by name, and the counts. */
const summary = (
  results: readonly SeededResult[],
  seconds: number,
  accelerator: string,
  run: string,
): string => {
  const bad = results.filter((result) => !isRight(result));
  const count = (naming: Naming): number => results.filter((result) => result.naming === naming).length;
  const caught = results.filter(({ status }) => status === 'caught').length;
  const unnamed = results.filter(({ naming }) => naming === 'missing').map(({ bug }) => bug);
  return [
    '',
    ...(bad.length === 0 ? [] : [columns(bad.slice(0, maxNamed).map(row)), '']),
    `${caught} of ${results.length} bugs caught, in ${seconds.toFixed(0)} s on ${accelerator}`,
    `the cause was named right for ${count('right')}, not at all for ${count('missing')}, wrong for ${count('wrong')}`,
    ...(unnamed.length === 0 ? [] : [`  without a cause: ${listOf(unnamed, maxNamed)}`]),
    ...bad.slice(0, maxNamed).map(({ bug }) => `  see ${join(run, bug)}`),
    `  each bug: ${join(run, detailsFile)}`,
  ].join('\n');
};

/**
 * The bugs by the kernel that they are tried on: the one that a bug asks for, or `usual`. Reports the bugs of
 * a debug kernel that is not built and leaves them out.
 */
const byKernel = async (
  bugs: readonly PatchedBug[],
  usual: string,
  progress: Progress,
): Promise<Map<string, PatchedBug[]>> => {
  const groups = new Map<string, PatchedBug[]>();
  for (const bug of bugs) {
    const kernel = bug.bug.kernel ?? usual;
    groups.set(kernel, [...(groups.get(kernel) ?? []), bug]);
  }
  for (const [kernel, { length }] of groups) {
    const row = kernelRow(kernel);
    if (kernel === usual || row.flavour !== 'debug' || (await findKernel(row)) !== undefined) continue;
    groups.delete(kernel);
    progress(`skipped ${length} bugs that only ${kernel} shows: build it with vmmci kernels build ${kernel}`);
  }
  return groups;
};

/**
 * Exit status: 0 if every bug was caught by a scenario that it names and no wrong cause was named; 3 if some
 * are broken and nothing else is wrong; otherwise 1; 128+n after signal n.
 */
const run = async (values: Values<typeof options>, words: readonly string[]): Promise<number> => {
  const jobs = values.jobs ?? defaultJobs(resources());
  const sources = await readSources(asset('driver'));
  const chosen = (await readBugs(asset('driver', 'seeded-bugs')))
    .filter((bug) => words.length === 0 || words.some((word) => isSelectedBy(word, bug)))
    .map((bug) => ({ bug, patched: applyBug(bug, sources) }));
  if (chosen.length === 0) {
    const valid = 'a part of a file name in images/driver/seeded-bugs, or a kernel that a bug needs';
    throw new HarnessError('UNKNOWN_NAME', { kind: 'seeded bug', name: words.join(' '), valid });
  }
  const files = [...(await scenarioFiles()), ...(await scenarioFiles('slow'))];
  const exists = (name: string): boolean => files.some(({ declares }) => declares(name));
  const choice = choiceOf({ ...values, driver: undefined, 'driver-description': undefined });
  const progress = progressLines();
  const temporary = temporaryDirectory();
  const start = performance.now();
  const tryAll = async (signal: AbortSignal): Promise<number> => {
    const results: SeededResult[] = [];
    let accelerator = '';
    const unusable: Unusable[] = [];
    for (const [kernel, bugs] of await byKernel(chosen, choice.kernel, progress)) {
      const onKernel = { ...choice, kernel };
      const environment = await unlessAborted(openEnvironment(onKernel, { progress }), signal);
      signal.throwIfAborted();
      if (environment === undefined) return 3;
      const env = { TMPDIR: temporary.path };
      const seeded = { environment, files, options: { choice: onKernel, signal, env } };
      const named = [...new Set([...bugs.flatMap(({ bug }) => bug.caughtBy), ...smoke])]
        .filter(exists)
        .sort();
      progress(`testing the unpatched driver in ${named.length} scenarios on ${kernel}`);
      const bad = await tryUnpatched(seeded, named, jobs);
      for (const [name, { text }] of bad) progress(`without a bug, ${name} ${text}`);
      unusable.push(...bad.values());
      accelerator = environment.accelerator.name;
      await inSlots(bugs, jobs, join(temporary.path, kernel), async ({ bug, patched }, slot) => {
        const result = await tryBug(seeded, bug, patched, slot, bad);
        progress(row(result).slice(0, 4).join('  '));
        results.push(result);
      });
    }
    results.sort((left, right) => (left.bug < right.bug ? -1 : 1));
    await mkdir(choice.run, { recursive: true });
    await replaceFile(join(choice.run, detailsFile), `${columns(results.map(row))}\n`);
    print(summary(results, (performance.now() - start) / 1000, accelerator, choice.run));
    return statusOfResults(results, unusable);
  };
  try {
    return await untilSignal(tryAll);
  } finally {
    temporary.remove();
  }
};

export const command = defineCommand({
  operands: [
    {
      syntax: '[WORD...]',
      help: 'only bugs whose numbers begin with one of the words, whose names contain it, or that need the kernel of that name',
    },
  ],
  options,
  run,
});
