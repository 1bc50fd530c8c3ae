// `vmmci matrix`: all scenarios on many kernels, with reports for people and for machines.

import { mkdir, readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../images/asset.js';
import { readKernelDirectory } from '../../images/kernels/kernel-directory.js';
import { HarnessError } from '../base/errors.js';
import { firstLine } from '../base/text.js';
import { knownDrivers } from '../driver/known-drivers.js';
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
import { newRunDirectory } from '../run/environment.js';
import { liveBoard } from './live-board.js';

export const summary = 'run all scenarios on many kernels, and report';

const usage = `usage: vmmci matrix [OPTION…]
  --kernel PATTERN      of the table (see vmmci kernels), * and ? allowed, or 'all'; default *-cloud; or dir:PATH, a kernel
                        build tree or unpacked packages of your own; may be repeated
  --generation PATTERN  vmd generations, likewise; default the newest
  --scenario PATTERN    files in scenarios/, likewise; default all
  --driver DIR          a Kbuild directory with vmmci-driver.json in place of the bundled driver
  --driver-description NAME  a known driver's, or a file, in place of vmmci-driver.json
  --qemu PATH           a QEMU of the host's in place of the tool root's
  --jobs N              guests at once; from processors and free memory when not given
  --shard I/N           the I-th of N parts of the same list; join their reports with vmmci report merge
  --bail                begin nothing more once something failed
  --update              take the newest builds of the kernels that Debian has
  --keep                keep the artifacts of scenarios that pass, too
  --output DIR          where reports and artifacts go; runs/<time> when not given
  --list                print the cells, and run nothing
`;

const options = {
  kernel: { type: 'string', multiple: true },
  generation: { type: 'string', multiple: true },
  scenario: { type: 'string', multiple: true },
  driver: { type: 'string' },
  'driver-description': { type: 'string' },
  qemu: { type: 'string' },
  jobs: { type: 'string' },
  shard: { type: 'string' },
  bail: { type: 'boolean' },
  update: { type: 'boolean' },
  keep: { type: 'boolean' },
  output: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const scenarioFiles = async (): Promise<string[]> => {
  const names = await readdir(join(packageRoot(), 'dist', 'scenarios'));
  return names.flatMap((name) => /^([\w-]+)\.js$/.exec(name)?.[1] ?? []).sort();
};

const jobsOption = (value: string | undefined): number => {
  if (value === undefined) return defaultJobs(resources());
  if (/^[1-9]\d?$/.test(value)) return Number(value);
  throw new HarnessError('USAGE', { reason: `--jobs: '${value}' is not a number from 1 to 99` });
};

const describeCell = ({ kernel, generation, file }: Cell): string => `${kernel.name} ${generation} ${file}`;

/** What is no known driver is a file, and the scenarios run in another directory. */
const describedBy = (value: string | undefined): string | undefined =>
  value === undefined || knownDrivers.some(({ name }) => name === value) ? value : resolve(value);

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
export const run = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const files = choose('scenario', values.scenario ?? ['all'], await scenarioFiles(), (name) => name);
  const kernels = selectKernels(values.kernel);
  const generations = selectGenerations(values.generation);
  const all = planCells({ kernels, generations, files });
  const cells = values.shard === undefined ? all : cutShard(all, parseShard(values.shard));
  const jobs = jobsOption(values.jobs);
  if (values.list) {
    process.stdout.write(cells.map((cell) => `${describeCell(cell)}\n`).join(''));
    return 0;
  }
  // What the caller brings is looked at before anything is fetched for it.
  for (const { directory } of new Set(cells.map(({ kernel }) => kernel)))
    if (directory !== undefined) await readKernelDirectory(directory);
  if (cells.length === 0)
    throw new HarnessError('USAGE', { reason: 'this shard has no cells; use fewer shards' });
  const directory = resolve(values.output ?? newRunDirectory());
  await mkdir(directory, { recursive: true });
  const counts = new Map<string, number>();
  for (const { kernel } of cells) counts.set(kernel.name, (counts.get(kernel.name) ?? 0) + 1);
  const live = liveBoard(counts);
  live.line(`${cells.length} scenario files on ${counts.size} kernels, ${jobs} at once`);
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
      driverDirectory: values.driver === undefined ? undefined : resolve(values.driver),
      description: describedBy(values['driver-description']),
      qemu: values.qemu === undefined ? undefined : resolve(values.qemu),
      keep: values.keep ?? false,
      jobs,
      bail: values.bail ?? false,
      update: values.update ?? false,
      asked: { kernels: kernels.map(({ name }) => name), generations, files },
      shard: values.shard ?? null,
      halt,
      progress: live.line,
      onStep: ({ name }, step) => {
        const isPlain = step.verdict === 'passed' && step.retried.length === 0;
        (isPlain ? live.detail : live.line)(stepLine(name, step));
        live.step(name, step);
      },
      // A whole kernel that is left out is one line above, not one a cell.
      onCells: (done) => {
        for (const cell of done)
          if (cell.directory !== null || cell.verdict !== 'skipped')
            (isFine(cell) ? live.detail : live.line)(cellLine(cell));
        live.cells(done);
      },
    });
    live.close();
    await writeReports(directory, report);
    process.stdout.write(
      `\n${renderMatrix(report)}\n\nreport: ${relative(process.cwd(), join(directory, 'index.html'))}\n`,
    );
    const status = signals.status();
    if (status === undefined) return exitStatusOf(report);
    // What was being fetched or built in this process goes with it; the cache's guards remove what was half done.
    process.exit(status);
  } finally {
    signals.release();
  }
};
