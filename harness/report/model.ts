// What a run of the matrix leaves for every report: one JSON file, whose paths are relative to it.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import type { Verdict } from '../run/verdict.js';

/** Raise it when a reader of the older form would misread the newer. */
const format = 1;

export const reportFile = 'report.json';

/** What is done once for a kernel, before its scenarios. */
export type StepName = 'fetch' | 'build' | 'boot';

export interface ReportStep {
  readonly name: StepName;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly seconds: number;
  /** It was in the cache. */
  readonly cached: boolean;
  /** Why an earlier attempt was broken; empty when there was none. */
  readonly retried: readonly string[];
}

export interface ReportKernel {
  /** As in the kernel table: `6.12-cloud`. */
  readonly name: string;
  readonly series: string;
  readonly flavour: string;
  readonly suite: string;
  /** What a driver meets here that the others do not have. */
  readonly differs: string;
  /** As `uname -r` prints it; null where it could not be had. */
  readonly release: string | null;
  /** The Debian version of the package. */
  readonly version: string | null;
  readonly steps: readonly ReportStep[];
}

export interface ReportCell {
  /** The name of a ReportKernel. */
  readonly kernel: string;
  /** As it was asked for. */
  readonly generation: string;
  /** The file in scenarios/, without its extension. */
  readonly file: string;
  readonly scenario: string;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly seconds: number;
  /** Peak resident memory of the Node process, in MiB; 0 where nothing ran. */
  readonly nodeMiB: number;
  /** Where its artifacts are, from the report's directory; null where nothing ran. */
  readonly directory: string | null;
  /** Why an earlier attempt was broken; empty when there was none. */
  readonly retried: readonly string[];
}

/** Names, in the order of the run. */
export interface Asked {
  readonly kernels: readonly string[];
  readonly generations: readonly string[];
  readonly files: readonly string[];
}

export interface Report {
  readonly format: typeof format;
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly seconds: number;
  /** Of this package. */
  readonly harness: string;
  readonly driver: string;
  /** As it was given on the command line; null for the bundled driver. */
  readonly driverDirectory: string | null;
  readonly qemu: string;
  readonly accelerator: string;
  readonly jobs: number;
  /** What was asked for, before it was cut into shards. */
  readonly asked: Asked;
  /** `2/4` for one of several; null for a whole run. */
  readonly shard: string | null;
  /** Why it ended before all had run; null when all had. */
  readonly cut: string | null;
  readonly kernels: readonly ReportKernel[];
  readonly cells: readonly ReportCell[];
}

export const reportFormat = format;

const isReport = (value: unknown): value is Report =>
  typeof value === 'object' &&
  value !== null &&
  (value as Report).format === format &&
  Array.isArray((value as Report).kernels) &&
  Array.isArray((value as Report).cells);

/** The report in `directory`. REPORT_READ when there is none, or one of another format. */
export const readReport = async (directory: string): Promise<Report> => {
  const path = join(directory, reportFile);
  const refuse = (reason: string, cause?: unknown): HarnessError =>
    new HarnessError('REPORT_READ', { path, reason }, cause);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw refuse(cause.code === 'ENOENT' ? 'the file is missing' : cause.message, cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse(messageOf(cause), cause);
  }
  if (!isReport(value)) throw refuse(`expected a report of format ${format}`);
  return value;
};

export const writeReport = (directory: string, report: Report): Promise<void> =>
  writeFile(join(directory, reportFile), `${JSON.stringify(report, null, 1)}\n`);
