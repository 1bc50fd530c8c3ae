// While one kernel is fetched, another is built and booted, and the scenarios of a third run.

import type { KernelRow } from '../../images/kernels/table.js';
import { firstLine } from '../base/text.js';
import { messageOf } from '../base/thrown.js';
import type { ReportCell, ReportKernel, ReportStep } from '../report/model.js';
import { isBad, type Verdict } from '../run/verdict.js';
import type { Halt } from './halt.js';
import { createSlots } from './jobs.js';
import type { Cell } from './plan.js';
import { unrunCell } from './unrun.js';

export interface StageDone<T> {
  readonly step: ReportStep;
  /** There if the step passed. */
  readonly value: T | undefined;
}

/** What is done. `Kernel` and `Modules` are what one stage hands to the next. All but `cell` never reject. */
export interface Stages<Kernel, Modules> {
  fetch(row: KernelRow): Promise<StageDone<Kernel & Pick<ReportKernel, 'release' | 'version'>>>;
  build(kernel: Kernel): Promise<StageDone<Modules>>;
  boot(kernel: Kernel, modules: Modules): Promise<StageDone<true>>;
  cell(cell: Cell): Promise<ReportCell[]>;
  /** Ends what cells have shared; cells for what went wrong with that. */
  close(): Promise<ReportCell[]>;
}

export interface PipelineOptions<Kernel, Modules> {
  readonly cells: readonly Cell[];
  readonly stages: Stages<Kernel, Modules>;
  readonly jobs: number;
  /** Nothing more is begun once something failed or broke. */
  readonly bail: boolean;
  readonly halt: Halt;
  /** Called as each step and each cell is done. */
  readonly onStep: (kernel: KernelRow, step: ReportStep) => void;
  readonly onCells: (cells: readonly ReportCell[]) => void;
}

export interface PipelineResult {
  readonly kernels: ReportKernel[];
  /** In the order of `cells`. */
  readonly cells: ReportCell[];
}

/** Why a kernel's scenarios did not run, from the step that ended its way. */
const stoppedBy = ({ name: kernel }: KernelRow, { name, verdict, reasons }: ReportStep): string => {
  if (name === 'build' && verdict === 'failed') return `the driver does not build on ${kernel}`;
  const what = { fetch: 'the kernel is unavailable', build: 'there is no driver', boot: 'it does not boot' };
  return `${what[name]}: ${firstLine(reasons[0]) || verdict}`;
};

const inOrder = (cells: readonly Cell[], done: readonly ReportCell[]): ReportCell[] => {
  const keyOf = (kernel: string, generation: string, file: string) =>
    JSON.stringify([kernel, generation, file]);
  const order = new Map(
    cells.map(({ kernel, generation, file }, index) => [keyOf(kernel.name, generation, file), index]),
  );
  const position = ({ kernel, generation, file }: ReportCell): number =>
    order.get(keyOf(kernel, generation, file)) ?? order.size;
  return [...done].sort((left, right) => position(left) - position(right));
};

/** Every cell comes back, with a verdict; never rejects. One that broke does not stop the others. */
export const runPipeline = async <Kernel, Modules>({
  cells,
  stages,
  jobs,
  bail,
  halt,
  onStep,
  onCells,
}: PipelineOptions<Kernel, Modules>): Promise<PipelineResult> => {
  const rows = [...new Map(cells.map(({ kernel }) => [kernel.name, kernel])).values()];
  const done: ReportCell[] = [];
  // One after the other: together they would only share the network. The slots are for what takes a
  // processor.
  const network = createSlots(1);
  const slots = createSlots(jobs);

  const judge = (verdict: Verdict, what: string): void => {
    if (bail && isBad({ verdict })) halt.stop(`not run: ${what} ${verdict}, and --bail was given`);
  };
  const finish = (batch: readonly ReportCell[]): void => {
    done.push(...batch);
    for (const { verdict, scenario, kernel } of batch) judge(verdict, `${scenario} on ${kernel}`);
    onCells(batch);
  };

  /** A defect in one cell, or a host that cannot go on, is no reason to lose the others and the report. */
  const runOrSkip = async (cell: Cell): Promise<ReportCell[]> => {
    if (halt.reason !== undefined) return [unrunCell(cell, halt.reason)];
    try {
      return await stages.cell(cell);
    } catch (error) {
      return [{ ...unrunCell(cell, `the cell could not be run: ${messageOf(error)}`), verdict: 'broken' }];
    }
  };

  const through = async (row: KernelRow, rank: number): Promise<ReportKernel> => {
    const { name, series, flavour, suite, differs } = row;
    const mine = cells.filter(({ kernel }) => kernel.name === name);
    const steps: ReportStep[] = [];
    let facts: Pick<ReportKernel, 'release' | 'version'> = { release: null, version: null };
    const skip = (reason: string): void => finish(mine.map((cell) => unrunCell(cell, reason)));
    /** What a stage made; undefined when the way ends here, and why is noted then. */
    const go = async <T>(stage: () => Promise<StageDone<T>>): Promise<T | undefined> => {
      if (halt.reason !== undefined) {
        skip(halt.reason);
        return undefined;
      }
      const { step, value } = await stage();
      steps.push(step);
      judge(step.verdict, `${step.name} of ${name}`);
      onStep(row, step);
      if (value === undefined)
        skip(halt.kill.aborted && halt.reason !== undefined ? halt.reason : stoppedBy(row, step));
      return value;
    };
    const prepare = async (kernel: Kernel): Promise<boolean> => {
      const modules = await go(() => stages.build(kernel));
      return modules !== undefined && (await go(() => stages.boot(kernel, modules))) === true;
    };
    const kernel = await network(rank, () => go(() => stages.fetch(row)));
    if (kernel !== undefined) {
      facts = { release: kernel.release, version: kernel.version };
      if (await slots(rank, () => prepare(kernel)))
        await Promise.all(mine.map((cell) => slots(rank, async () => finish(await runOrSkip(cell)))));
    }
    return { name, series, flavour, suite, differs, ...facts, steps };
  };

  const kernels = await Promise.all(rows.map(through));
  const last = await stages.close();
  if (last.length > 0) finish(last);
  return { kernels, cells: inOrder(cells, done) };
};
