// `vmmci matrix`: runs all scenarios on many kernels, and writes reports for people and programs.

import { join, relative } from 'node:path';
import { readKernelDirectory } from '../../images/kernels/kernel-directory.js';
import { HarnessError } from '../base/errors.js';
import { firstLine, shorten } from '../base/text.js';
import { createHalt, haltOnSignals } from '../matrix/halt.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { endLineage, markLineage } from '../matrix/lineage.js';
import { type Cell, cutShard, parseShard, planCells } from '../matrix/plan.js';
import { type MatrixOptions, runMatrix } from '../matrix/run-matrix.js';
import { choose, selectGenerations, selectKernels } from '../matrix/select.js';
import { exitStatusOf } from '../report/counts.js';
import type { Asked, ReportCell, ReportStep } from '../report/model.js';
import { renderMatrix } from '../report/terminal.js';
import { writeReports } from '../report/write.js';
import { claimRunDirectory, newRunDirectory } from '../run/run-directory.js';
import { scenarioFilesWith } from '../run/scenario-files.js';
import { defineCommand } from './define-command.js';
import { type LiveBoard, liveBoard } from './live-board.js';
import { flag, list, type Values, value } from './option.js';
import { print } from './print.js';
import { jobs, output, sharedChoice, sharedOptions } from './run-options.js';

const options = {
  kernel: list(
    'PATTERN',
    "kernels of the table (see vmmci kernels), with * and ?, or 'all'; or dir:PATH, your own kernel build tree or unpacked packages",
    { shown: '*-cloud' },
  ),
  generation: list('PATTERN', 'vmd generations, with * and ?', { shown: 'the newest' }),
  scenario: list('PATTERN', 'files in scenarios/, with * and ?', { shown: 'all' }),
  ...sharedOptions,
  jobs,
  shard: value('I/N', 'run part I of N; merge the reports with vmmci report merge', {
    read: parseShard,
  }),
  bail: flag('start no more cells after a failure'),
  update: flag('fetch the newest builds of the kernels'),
  output,
  list: flag('print the cells without running them'),
};

/** The maximum length of a progress line, without the time at its start. */
const maxLength = 148;

const describeCell = ({ kernel, generation, file }: Cell): string => `${kernel.name} ${generation} ${file}`;

const stepLine = (kernel: string, { name, verdict, seconds, cached, reasons, retried }: ReportStep): string =>
  [
    `${kernel} ${name}: `,
    verdict === 'passed'
      ? `${cached ? 'cached' : 'done'}, ${seconds.toFixed(1)} s`
      : `${verdict}: ${firstLine(reasons[0])}`,
    retried.length > 0 ? ` (${firstLine(retried[0])})` : '',
  ].join('');

const cellLine = ({ kernel, generation, scenario, verdict, seconds, reasons, retried }: ReportCell): string =>
  [
    `${kernel} ${generation} ${scenario}: ${verdict}`,
    verdict === 'passed' ? `, ${seconds.toFixed(1)} s` : `: ${firstLine(reasons[0])}`,
    retried.length > 0 ? ' (retried)' : '',
  ].join('');

/** True if the cell needs no attention while the run continues. */
const isFine = ({ verdict, retried }: ReportCell): boolean => verdict === 'passed' && retried.length === 0;

/** What the command line asks for. */
interface Selection {
  readonly asked: Asked;
  /** The scenario files, by name. */
  readonly paths: ReadonlyMap<string, string>;
  /** The cells of this shard. */
  readonly cells: readonly Cell[];
  /** The number of cells in all shards. */
  readonly total: number;
}

const select = async (values: Values<typeof options>): Promise<Selection> => {
  const given = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list);
  const known = await scenarioFilesWith(values.scenarios);
  const files = choose('scenario', given(values.scenario) ?? ['all'], known, ({ name }) => name);
  const paths = new Map(files.map(({ name, path }) => [name, path]));
  const names = [...paths.keys()];
  const kernels = selectKernels(given(values.kernel));
  const generations = selectGenerations(given(values.generation));
  const all = planCells({ kernels, generations, files: names });
  return {
    asked: { kernels: kernels.map(({ name }) => name), generations, files: names },
    paths,
    cells: values.shard === undefined ? all : cutShard(all, values.shard),
    total: all.length,
  };
};

/** Checks what can be checked before anything is fetched. */
const requireUsable = async (
  { cells, total }: Selection,
  shard: Values<typeof options>['shard'],
): Promise<void> => {
  for (const { directory } of new Set(cells.map(({ kernel }) => kernel)))
    if (directory !== undefined) await readKernelDirectory(directory);
  if (cells.length === 0)
    throw new HarnessError('EMPTY_SHARD', { ...(shard ?? { index: 1, count: 1 }), cells: total });
};

/** Shows each step and each result as it comes. */
const reporterOf = (live: LiveBoard): Pick<MatrixOptions, 'progress' | 'onStep' | 'onCells'> => ({
  progress: live.line,
  onStep: ({ name }, step) => {
    const isPlain = step.verdict === 'passed' && step.retried.length === 0;
    (isPlain ? live.detail : live.line)(shorten(stepLine(name, step), maxLength));
    live.step(name, step);
  },
  // A skipped kernel has one line from onStep, not one for each cell.
  onCells: (done) => {
    for (const cell of done)
      if (cell.directory !== null || cell.verdict !== 'skipped')
        (isFine(cell) ? live.detail : live.line)(shorten(cellLine(cell), maxLength));
    live.cells(done);
  },
});

/** Exit status: 0 if all passed, 1 if one failed, 3 if one was broken or none ran, 128+n after signal n. */
const run = async (values: Values<typeof options>): Promise<number> => {
  const selection = await select(values);
  const { asked, paths, cells } = selection;
  const parallel = values.jobs ?? defaultJobs(resources());
  if (values.list) {
    print(cells.map(describeCell).join('\n'));
    return 0;
  }
  await requireUsable(selection, values.shard);
  const directory = values.output === undefined ? newRunDirectory() : claimRunDirectory(values.output);
  const counts = new Map<string, number>();
  for (const { kernel } of cells) counts.set(kernel.name, (counts.get(kernel.name) ?? 0) + 1);
  const live = liveBoard(counts);
  live.line(`${cells.length} scenario files on ${counts.size} kernels, ${parallel} in parallel`);
  const lineage = markLineage();
  // This also runs after a second signal, which exits at once.
  process.once('exit', () => endLineage(lineage));
  const halt = createHalt();
  const signals = haltOnSignals(halt);
  try {
    const report = await runMatrix({
      ...reporterOf(live),
      cells,
      run: directory,
      driver: values.driver,
      choice: sharedChoice(values),
      jobs: parallel,
      bail: values.bail,
      update: values.update,
      asked,
      paths,
      shard: values.shard === undefined ? null : `${values.shard.index}/${values.shard.count}`,
      halt,
    });
    live.close();
    // Print first: on a full disk, this is the only report.
    print(`\n${renderMatrix(report)}\n`);
    await writeReports(directory, report);
    print(`report: ${relative(process.cwd(), join(directory, 'index.html'))}`);
    const status = signals.status();
    if (status === undefined) return exitStatusOf(report);
    // Exit without waiting for fetches and builds; the guards of the cache remove unfinished entries.
    process.exit(status);
  } finally {
    signals.release();
  }
};

export const command = defineCommand({ options, run });
