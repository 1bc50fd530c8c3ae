// Runs a matrix, from opening the tool root to the report.

import { join } from 'node:path';
import { packageManifest } from '../../images/asset.js';
import type { ModuleSet } from '../../images/kernels/build.js';
import type { Kernel } from '../../images/kernels/kernel.js';
import type { KernelRow } from '../../images/kernels/table.js';
import type { Progress } from '../../images/toolroot/progress.js';
import { removeTree } from '../base/cache/remove-tree.js';
import { firstLine, pathFrom } from '../base/text.js';
import { type Asked, type Report, type ReportCell, type ReportStep, reportFormat } from '../report/model.js';
import type { SharedChoice } from '../run/choice.js';
import { givenLevel, openShared, readChosenDriver, type SharedEnvironment } from '../run/environment.js';
import { unlessAborted } from '../run/signals.js';
import { driverCommit } from './driver-commit.js';
import type { Halt } from './halt.js';
import { keepLateOutput } from './late-output.js';
import { runPipeline, type Stages } from './pipeline.js';
import type { Cell } from './plan.js';
import { bootKernel, buildDriver, fetchKernel } from './prepare-kernel.js';
import { runCell } from './run-cell.js';
import { createPool } from './scenario-pool.js';
import { expandUnrun, unrunCell } from './unrun.js';

export interface MatrixOptions {
  readonly cells: readonly Cell[];
  /** The scenario files of the cells, by name. */
  readonly paths: ReadonlyMap<string, string>;
  /** The directory for the artifacts of the run; it exists. */
  readonly run: string;
  /** As given on the command line; `undefined` for the bundled driver. */
  readonly driver: string | undefined;
  readonly choice: SharedChoice;
  readonly jobs: number;
  readonly bail: boolean;
  /** Check for newer builds of the kernels. */
  readonly update: boolean;
  readonly asked: Asked;
  readonly shard: string | null;
  readonly halt: Halt;
  readonly progress: Progress;
  /** Called when a step or a cell is done. */
  readonly onStep: (kernel: KernelRow, step: ReportStep) => void;
  readonly onCells: (cells: readonly ReportCell[]) => void;
}

const stagesOf = (shared: SharedEnvironment, options: MatrixOptions): Stages<Kernel, ModuleSet> => {
  const { halt, progress, run, update, choice } = options;
  const context = { shared, choice, halt, progress, run };
  const pool = createPool({ run, choice, kill: halt.kill, onLateOutput: keepLateOutput(run, progress) });
  const pathOf = (file: string): string => options.paths.get(file) ?? file;
  const onRetry = ({ kernel, file }: Cell, reason: string): void =>
    progress(`${kernel.name} ${file}: harness problem (not the driver), retrying: ${firstLine(reason)}`);
  return {
    fetch: (row) => fetchKernel(row, context, update),
    build: (kernel) => buildDriver(kernel, context),
    boot: (kernel, modules) => bootKernel(kernel, modules, context),
    cell: (cell) => runCell(cell, { halt, run, pool, keep: choice.keep, onRetry, pathOf }),
    close: () => pool.close(),
  };
};

/**
 * Runs all cells. Resolves with the report, even if the run was halted. Rejects with the errors of opening
 * the environment.
 */
export const runMatrix = async (options: MatrixOptions): Promise<Report> => {
  const { cells, run, halt, progress, choice, jobs } = options;
  const start = performance.now();
  const started = new Date().toISOString();
  const driver = await readChosenDriver(choice);
  const opened = openShared(choice, progress);
  const shared = await unlessAborted(opened, halt.kill);
  const done =
    shared === undefined
      ? { kernels: [], cells: cells.map((cell) => unrunCell(cell, halt.reason ?? 'interrupted')) }
      : await runPipeline({ ...options, stages: stagesOf(shared, options) });
  await removeTree(join(run, '.running'));
  return {
    format: reportFormat,
    started,
    seconds: Math.round(performance.now() - start) / 1000,
    harness: packageManifest().version,
    driver: driver.name,
    driverDirectory: options.driver ?? null,
    driverCommit: await driverCommit(driver.directory),
    kernelParameters: choice.kernelParameters ?? null,
    description: choice.description ?? null,
    scenarios: choice.scenarios === undefined ? null : pathFrom(process.cwd(), choice.scenarios),
    qemuPath: choice.qemu ?? null,
    level: givenLevel(choice, driver) ?? null,
    qemu: shared?.qemu.version ?? '',
    accelerator: shared === undefined ? '' : `${shared.accelerator.name} (${shared.accelerator.reason})`,
    jobs,
    asked: options.asked,
    shard: options.shard,
    cut: halt.reason ?? null,
    kernels: done.kernels,
    cells: expandUnrun(done.cells),
  };
};
