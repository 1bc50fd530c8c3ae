// The steps before the scenarios of a kernel: fetch it, build the driver, boot it.

import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildModules, type ModuleSet } from '../../images/kernels/build.js';
import { ensureKernel } from '../../images/kernels/ensure.js';
import type { Kernel } from '../../images/kernels/kernel.js';
import type { KernelRow } from '../../images/kernels/table.js';
import { findKernel } from '../../images/kernels/tree.js';
import type { Progress } from '../../images/toolroot/progress.js';
import { hasCode } from '../base/errors.js';
import { firstLine } from '../base/text.js';
import { messageOf } from '../base/thrown.js';
import { causeLines } from '../report/explained.js';
import type { ReportStep } from '../report/model.js';
import { causesOfBuild } from '../run/build-failure.js';
import type { SharedChoice } from '../run/choice.js';
import type { SharedEnvironment } from '../run/environment.js';
import type { Halt } from './halt.js';
import { runStep } from './step.js';
import { warmSnapshot } from './warm-snapshot.js';

export interface StepContext {
  readonly shared: SharedEnvironment;
  readonly choice: SharedChoice;
  readonly halt: Halt;
  readonly progress: Progress;
  /** The directory for the artifacts of the run. */
  readonly run: string;
}

interface Done<T> {
  step: ReportStep;
  value: T | undefined;
}

const retryLine =
  (what: string, progress: Progress) =>
  (reason: string): void =>
    progress(`${what}: harness problem (not the driver), retrying: ${firstLine(reason)}`);

/** The step is skipped if the kernel is unavailable; apt has already retried then. */
export const fetchKernel = (
  row: KernelRow,
  { shared, halt, progress }: StepContext,
  update: boolean,
): Promise<Done<Kernel>> =>
  runStep({
    name: 'fetch',
    halt,
    onRetry: retryLine(`${row.name} fetch`, progress),
    unavailable: ['KERNEL_FETCH', 'KERNEL_NETWORK', 'KERNEL_INCOMPLETE'],
    work: async () => {
      const before = row.directory === undefined ? await findKernel(row) : undefined;
      const value = await ensureKernel(row, shared.root, { progress, update });
      return { value, cached: before?.directory === value.directory };
    },
  });

/** The step fails if the driver does not compile. The log is then kept as `<run>/<kernel>/build.log`. */
export const buildDriver = (
  kernel: Kernel,
  { shared, halt, progress, run }: StepContext,
): Promise<Done<ModuleSet>> => {
  let causes: readonly string[] = [];
  return runStep({
    name: 'build',
    halt,
    onRetry: retryLine(`${kernel.name} build`, progress),
    describe: (error) =>
      hasCode(error, 'DRIVER_BUILD')
        ? [`does not build on ${kernel.release}: ${error.fields.reason}`, ...causes].join('\n')
        : messageOf(error),
    work: async () => {
      try {
        const value = await buildModules(kernel, shared.root, shared.driver.directory, { progress });
        return { value, cached: value.cached };
      } catch (error) {
        if (hasCode(error, 'DRIVER_BUILD')) {
          await mkdir(join(run, kernel.name), { recursive: true });
          await copyFile(String(error.fields.log), join(run, kernel.name, 'build.log'));
          const log = await readFile(String(error.fields.log), 'utf8');
          causes = causeLines({ causes: causesOfBuild(log) });
        }
        throw error;
      }
    },
  });
};

export const bootKernel = (
  kernel: Kernel,
  modules: ModuleSet,
  { shared, choice, halt, progress }: StepContext,
): Promise<Done<true>> =>
  runStep({
    name: 'boot',
    halt,
    onRetry: retryLine(`${kernel.name} boot`, progress),
    work: async () => ({ ...(await warmSnapshot(shared, kernel, modules, choice)), value: true }),
  });
