// Runs the cells of a matrix. It fetches one kernel while it builds for and boots another, and while the
// scenarios of a third one run.

import type { KernelRow } from '../../images/kernels/table.js';
import { firstLine } from '../base/text.js';
import { messageOf } from '../base/thrown.js';
import type { ReportCell, ReportKernel, ReportStep } from '../report/model.js';
import { isBad, type Verdict } from '../run/verdict.js';
import type { Halt } from './halt.js';
import { createSlots, type Slots } from './jobs.js';
import type { Cell } from './plan.js';
import { unrunCell } from './unrun.js';

export interface StageDone<T> {
  readonly step: ReportStep;
  /** Undefined unless the step passed. */
  readonly value: T | undefined;
}

/** The stages of the work. `Kernel` and `Modules` pass from one stage to the next. Only `cell` can reject. */
export interface Stages<Kernel, Modules> {
  fetch(row: KernelRow): Promise<StageDone<Kernel & Pick<ReportKernel, 'release' | 'version'>>>;
  build(kernel: Kernel): Promise<StageDone<Modules>>;
  boot(kernel: Kernel, modules: Modules): Promise<StageDone<true>>;
  cell(cell: Cell): Promise<ReportCell[]>;
  /** Releases what the cells shared. Returns a cell for each problem with that. */
  close(): Promise<ReportCell[]>;
}

export interface PipelineOptions<Kernel, Modules> {
  readonly cells: readonly Cell[];
  readonly stages: Stages<Kernel, Modules>;
  readonly jobs: number;
  /** Start no more work once a step or scenario failed or broke. */
  readonly bail: boolean;
  readonly halt: Halt;
  /** Called when a step or a cell is done. */
  readonly onStep: (kernel: KernelRow, step: ReportStep) => void;
  readonly onCells: (cells: readonly ReportCell[]) => void;
}

export interface PipelineResult {
  readonly kernels: ReportKernel[];
  /** In the order of `cells`. */
  readonly cells: ReportCell[];
}

/** Why the scenarios of a kernel did not run, according to the step that did not pass. */
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

/** Runs the kernels of a pipeline, and collects the cells that are done. */
class Pipeline<Kernel, Modules> {
  /** In the order in which they finished. */
  readonly done: ReportCell[] = [];
  readonly #options: PipelineOptions<Kernel, Modules>;
  // Kernels are fetched one at a time, since they would only share the network.
  readonly #network = createSlots(1);
  /** For work that takes a processor. */
  readonly #slots: Slots;

  constructor(options: PipelineOptions<Kernel, Modules>) {
    this.#options = options;
    this.#slots = createSlots(options.jobs);
  }

  /** A lower `rank` goes first where kernels compete. */
  async runKernel(row: KernelRow, rank: number): Promise<ReportKernel> {
    const { name, series, flavour, suite, differs } = row;
    const { cells, stages } = this.#options;
    const mine = cells.filter(({ kernel }) => kernel.name === name);
    const steps: ReportStep[] = [];
    const runStage = <T>(stage: () => Promise<StageDone<T>>) => this.#runStage(row, mine, steps, stage);
    const prepare = async (kernel: Kernel): Promise<boolean> => {
      const modules = await runStage(() => stages.build(kernel));
      return modules !== undefined && (await runStage(() => stages.boot(kernel, modules))) === true;
    };
    const kernel = await this.#network(rank, () => runStage(() => stages.fetch(row)));
    if (kernel !== undefined && (await this.#slots(rank, () => prepare(kernel))))
      await Promise.all(
        mine.map((cell) => this.#slots(rank, async () => this.finish(await this.#runOrSkip(cell)))),
      );
    const { release = null, version = null } = kernel ?? {};
    return { name, series, flavour, suite, differs, release, version, steps };
  }

  finish(batch: readonly ReportCell[]): void {
    this.done.push(...batch);
    for (const { verdict, scenario, kernel } of batch) this.#judge(verdict, `${scenario} on ${kernel}`);
    this.#options.onCells(batch);
  }

  #judge(verdict: Verdict, what: string): void {
    const { bail, halt } = this.#options;
    if (bail && isBad({ verdict })) halt.stop(`not run: ${what} ${verdict}, and --bail was given`);
  }

  /** Runs a stage and returns its value. Undefined if it did not pass; then the cells are skipped. */
  async #runStage<T>(
    row: KernelRow,
    cells: readonly Cell[],
    steps: ReportStep[],
    stage: () => Promise<StageDone<T>>,
  ): Promise<T | undefined> {
    const { halt, onStep } = this.#options;
    const skip = (reason: string): void => this.finish(cells.map((cell) => unrunCell(cell, reason)));
    if (halt.reason !== undefined) {
      skip(halt.reason);
      return undefined;
    }
    const { step, value } = await stage();
    steps.push(step);
    this.#judge(step.verdict, `${step.name} of ${row.name}`);
    onStep(row, step);
    if (value === undefined)
      skip(halt.kill.aborted && halt.reason !== undefined ? halt.reason : stoppedBy(row, step));
    return value;
  }

  /** Never rejects: an error in one cell must not lose the other cells and the report. */
  async #runOrSkip(cell: Cell): Promise<ReportCell[]> {
    const { halt, stages } = this.#options;
    if (halt.reason !== undefined) return [unrunCell(cell, halt.reason)];
    try {
      return await stages.cell(cell);
    } catch (error) {
      return [{ ...unrunCell(cell, `the cell could not be run: ${messageOf(error)}`), verdict: 'broken' }];
    }
  }
}

/** Returns every cell with a verdict; never rejects. A broken cell does not stop the others. */
export const runPipeline = async <Kernel, Modules>(
  options: PipelineOptions<Kernel, Modules>,
): Promise<PipelineResult> => {
  const { cells, stages } = options;
  const rows = [...new Map(cells.map(({ kernel }) => [kernel.name, kernel])).values()];
  const pipeline = new Pipeline(options);
  const kernels = await Promise.all(rows.map((row, rank) => pipeline.runKernel(row, rank)));
  const last = await stages.close();
  if (last.length > 0) pipeline.finish(last);
  return { kernels, cells: inOrder(cells, pipeline.done) };
};
