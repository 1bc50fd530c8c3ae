// `vmmci matrix`: all scenarios on many kernels, with reports for people and for machines.

import { join, relative } from 'node:path';
import { readKernelDirectory } from '../../images/kernels/kernel-directory.js';
import { HarnessError } from '../base/errors.js';
import { firstLine, shorten } from '../base/text.js';
import { createHalt, haltOnSignals } from '../matrix/halt.js';
import { defaultJobs, resources } from '../matrix/jobs.js';
import { endLineage, markLineage } from '../matrix/lineage.js';
import { type Cell, cutShard, parseShard, planCells } from '../matrix/plan.js';
import { runMatrix } from '../matrix/run-matrix.js';
import { choose, selectGenerations, selectKernels } from '../matrix/select.js';
import { exitStatusOf } from '../report/counts.js';
import type { ReportCell, ReportStep } from '../report/model.js';
import { renderMatrix } from '../report/terminal.js';
import { writeReports } from '../report/write.js';
import { markRunDirectory, newRunDirectory } from '../run/run-directory.js';
import { scenarioFilesWith } from '../run/scenario-files.js';
import { defineCommand } from './define-command.js';
import { liveBoard } from './live-board.js';
import { flag, list, type Values, value } from './option.js';
import { print } from './print.js';
import { jobs, output, sharedChoice, sharedOptions } from './run-options.js';

const options = {
  kernel: list(
    'PATTERN',
    "of the table (see vmmci kernels), * and ? allowed, or 'all'; or dir:PATH, a kernel build tree or unpacked packages of your own",
    { shown: '*-cloud' },
  ),
  generation: list('PATTERN', 'vmd generations, likewise', { shown: 'the newest' }),
  scenario: list('PATTERN', 'files in scenarios/, likewise', { shown: 'all' }),
  ...sharedOptions,
  jobs,
  shard: value('I/N', 'the I-th of N parts of the same list; join their reports with vmmci report merge', {
    read: parseShard,
  }),
  bail: flag('begin nothing more once something failed'),
  update: flag('take the newest builds of the kernels that Debian has'),
  output,
  list: flag('print the cells, and run nothing'),
};

/** Of a line of progress, less the time before it. */
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

/** Nothing that anybody would want to read while the rest still runs. */
const isFine = ({ verdict, retried }: ReportCell): boolean => verdict === 'passed' && retried.length === 0;

/** The exit status: 0 when all passed, 1 when something failed, 3 when something broke or nothing ran, 128+n after signal n. */
const run = async (values: Values<typeof options>): Promise<number> => {
  const given = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list);
  const known = await scenarioFilesWith(values.scenarios);
  const files = choose('scenario', given(values.scenario) ?? ['all'], known, ({ name }) => name);
  const paths = new Map(files.map(({ name, path }) => [name, path]));
  const names = [...paths.keys()];
  const kernels = selectKernels(given(values.kernel));
  const generations = selectGenerations(given(values.generation));
  const all = planCells({ kernels, generations, files: names });
  const cells = values.shard === undefined ? all : cutShard(all, values.shard);
  const parallel = values.jobs ?? defaultJobs(resources());
  if (values.list) {
    print(cells.map(describeCell).join('\n'));
    return 0;
  }
  // What the caller brings is looked at before anything is fetched for it.
  for (const { directory } of new Set(cells.map(({ kernel }) => kernel)))
    if (directory !== undefined) await readKernelDirectory(directory);
  if (cells.length === 0)
    throw new HarnessError('EMPTY_SHARD', { ...(values.shard ?? { index: 1, count: 1 }), cells: all.length });
  const directory = values.output ?? newRunDirectory();
  markRunDirectory(directory);
  const counts = new Map<string, number>();
  for (const { kernel } of cells) counts.set(kernel.name, (counts.get(kernel.name) ?? 0) + 1);
  const live = liveBoard(counts);
  live.line(`${cells.length} scenario files on ${counts.size} kernels, ${parallel} in parallel`);
  const lineage = markLineage();
  // However it ends: at the end of the run, or at a second signal.
  process.once('exit', () => endLineage(lineage));
  const halt = createHalt();
  const signals = haltOnSignals(halt);
  try {
    const report = await runMatrix({
      cells,
      run: directory,
      driver: values.driver,
      choice: sharedChoice(values),
      jobs: parallel,
      bail: values.bail,
      update: values.update,
      asked: { kernels: kernels.map(({ name }) => name), generations, files: names },
      paths,
      shard: values.shard === undefined ? null : `${values.shard.index}/${values.shard.count}`,
      halt,
      progress: live.line,
      onStep: ({ name }, step) => {
        const isPlain = step.verdict === 'passed' && step.retried.length === 0;
        (isPlain ? live.detail : live.line)(shorten(stepLine(name, step), maxLength));
        live.step(name, step);
      },
      // A whole kernel that is left out is one line above, not one a cell.
      onCells: (done) => {
        for (const cell of done)
          if (cell.directory !== null || cell.verdict !== 'skipped')
            (isFine(cell) ? live.detail : live.line)(shorten(cellLine(cell), maxLength));
        live.cells(done);
      },
    });
    live.close();
    // First: where the disk is full, this is the only report there is.
    print(`\n${renderMatrix(report)}\n`);
    await writeReports(directory, report);
    print(`report: ${relative(process.cwd(), join(directory, 'index.html'))}`);
    const status = signals.status();
    if (status === undefined) return exitStatusOf(report);
    // What was being fetched or built in this process goes with it; the cache's guards remove what was half done.
    process.exit(status);
  } finally {
    signals.release();
  }
};

export const command = defineCommand({ options, run });
