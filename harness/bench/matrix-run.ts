// Runs `vmmci matrix` in a separate process and measures its time and memory.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../../images/asset.js';
import { HarnessError } from '../base/errors.js';
import { readEvidence } from '../report/evidence.js';
import { overheadOf } from '../report/milestones.js';
import { type Report, readReport } from '../report/model.js';
import { family } from './processes.js';

export interface MatrixRun {
  readonly report: Report;
  /** Duration of the command, in seconds. */
  readonly wall: number;
  /** For each restored guest: the time from the start of QEMU to the first answer, in ms. */
  readonly overheads: readonly number[];
  /** Largest resident sets, in MiB. */
  readonly peaks: {
    /** The process of the command. */
    readonly matrix: number;
    /** The Node process of a scenario. */
    readonly scenario: number;
    readonly qemu: number;
  };
}

export interface MatrixRunOptions {
  /** Arguments for `vmmci matrix`. */
  readonly args: readonly string[];
  /** An empty directory. */
  readonly output: string;
  /** Use this cache instead of that of this process. */
  readonly cache?: string | undefined;
}

/** The kernel records peaks, so only growth after the last look at a process is lost. */
const everyMs = 200;

/** The exit status of a wrong command line (README). */
const usageStatus = 2;

/**
 * Rejects with MATRIX_USAGE if the command refused `args`, and with MATRIX_NO_REPORT if it wrote no report.
 */
export const runMatrixOnce = async ({ args, output, cache }: MatrixRunOptions): Promise<MatrixRun> => {
  const main = join(packageRoot(), 'dist/harness/cli/main.js');
  const start = performance.now();
  const child = spawn(process.execPath, [main, 'matrix', ...args, '--keep', '--output', output], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...(cache === undefined ? {} : { XDG_CACHE_HOME: cache }) },
  });
  const pid = child.pid ?? 0;
  const peaks = { matrix: 0, qemu: 0 };
  const look = setInterval(() => {
    for (const facts of family(pid)) {
      if (facts.pid === pid) peaks.matrix = Math.max(peaks.matrix, facts.peakMiB);
      else if (facts.program.startsWith('qemu-system')) peaks.qemu = Math.max(peaks.qemu, facts.peakMiB);
    }
  }, everyMs);
  const [status, signal] = await once(child, 'exit').finally(() => clearInterval(look));
  const wall = (performance.now() - start) / 1000;
  const report = await readReport(output).catch((cause: unknown) => {
    if (status === usageStatus) throw new HarnessError('MATRIX_USAGE', {}, cause);
    const how = signal ?? `status ${status}`;
    throw new HarnessError('MATRIX_NO_REPORT', { how }, cause);
  });
  const overheads: number[] = [];
  for (const { directory } of report.cells) {
    if (directory === null) continue;
    const overhead = overheadOf((await readEvidence(join(output, directory))).trace);
    if (overhead !== undefined) overheads.push(overhead);
  }
  const scenario = Math.max(0, ...report.cells.map(({ nodeMiB }) => nodeMiB));
  return { report, wall, overheads, peaks: { ...peaks, scenario } };
};

/** True if nothing had to be fetched, built or booted. */
export const wasWarm = ({ report }: MatrixRun): boolean =>
  report.kernels.every(({ steps }) => steps.every(({ cached }) => cached));
