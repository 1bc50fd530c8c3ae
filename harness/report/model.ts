// The model of a matrix report and its file, report.json. Paths in it are relative to its directory.

import { isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { parseChecked } from '../base/read-checked.js';
import { readInput } from '../base/read-input.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { unmetSchema } from '../run/result.js';
import { verdicts } from '../run/verdict.js';

/** Increment it if code for the older format would misread the newer one. */
export const reportFormat = 1;

export const reportFile = 'report.json';

/** The steps that each kernel takes once, before its scenarios. */
export const stepNames = ['fetch', 'build', 'boot'] as const;

export type StepName = (typeof stepNames)[number];

const texts = v.pipe(v.array(v.string()), v.readonly());
const listOf = <T extends v.GenericSchema>(item: T) => v.pipe(v.array(item), v.readonly());
/** Reports from elsewhere are merged, so a path must not lead out of the report's directory. */
const relativePath = v.pipe(
  v.string(),
  v.check(
    (path) =>
      path !== '' && !isAbsolute(path) && !path.split('/').includes('..') && !/[\p{Cc}\p{Cs}]/u.test(path),
    'expected a path below the report, without ..',
  ),
);

const seconds = v.pipe(v.number(), v.minValue(0));

const stepSchema = v.object({
  name: v.picklist(stepNames),
  verdict: v.picklist(verdicts),
  reasons: texts,
  seconds,
  /** The result came from the cache. */
  cached: v.boolean(),
  /** Why an earlier attempt was broken; empty if there was none. */
  retried: texts,
});

const kernelSchema = v.object({
  /** As in the kernel table: `6.12-cloud`; also the directory of its artifacts. */
  name: relativePath,
  series: v.string(),
  flavour: v.string(),
  suite: v.string(),
  /** What makes this kernel special for a driver. */
  differs: v.string(),
  /** As `uname -r` prints it; null if the kernel was unavailable. */
  release: v.nullable(v.string()),
  /** The Debian version of the package. */
  version: v.nullable(v.string()),
  steps: listOf(stepSchema),
});

const cellSchema = v.object({
  /** The name of a kernel of the report. */
  kernel: v.string(),
  generation: v.string(),
  /** The file in scenarios/, without its extension. */
  file: v.string(),
  scenario: v.string(),
  verdict: v.picklist(verdicts),
  reasons: texts,
  seconds,
  /** Peak resident memory of the Node process, in MiB; 0 if the cell did not run. */
  nodeMiB: v.number(),
  /** Requirements that the driver did not meet, each with the line of the first check that failed for it. */
  unmet: v.optional(unmetSchema, []),
  /** The directory of its artifacts; null if the cell did not run. */
  directory: v.nullable(relativePath),
  /** Why an earlier attempt was broken; empty if there was none. */
  retried: texts,
  /** Known causes of the failure, with the trace lines that show them. */
  causes: v.optional(listOf(v.object({ id: v.string(), evidence: texts })), []),
});

/** Names, in the order of the run. */
const askedSchema = v.object({ kernels: texts, generations: texts, files: texts });

const reportSchema = v.object({
  format: v.literal(reportFormat),
  /** ISO 8601, UTC. */
  started: v.pipe(v.string(), v.isoTimestamp()),
  seconds,
  /** The version of this package. */
  harness: v.string(),
  driver: v.string(),
  /** As given on the command line; null for the bundled driver. */
  driverDirectory: v.nullable(v.string()),
  /**
   * The commit of the driver's directory, with `-dirty` if files were changed; null outside a Git repository.
   */
  driverCommit: v.optional(v.nullable(v.string()), null),
  /**
   * `--kernel-parameters`, `--driver-description`, `--scenarios` and `--qemu` as given; null if not given.
   */
  kernelParameters: v.optional(v.nullable(v.string()), null),
  description: v.optional(v.nullable(v.string()), null),
  scenarios: v.optional(v.nullable(v.string()), null),
  qemuPath: v.optional(v.nullable(v.string()), null),
  /** That of `--level`, or else of the driver's description; null if neither has one. */
  level: v.optional(v.nullable(v.string()), null),
  qemu: v.string(),
  accelerator: v.string(),
  jobs: v.number(),
  /** The selection before it was cut into shards. */
  asked: askedSchema,
  /** `2/4` for one of several; null for a whole run. */
  shard: v.nullable(v.string()),
  /** Why the run ended early; null if it was complete. */
  cut: v.nullable(v.string()),
  kernels: listOf(kernelSchema),
  cells: listOf(cellSchema),
});

export type ReportStep = Readonly<v.InferOutput<typeof stepSchema>>;
export type ReportKernel = Readonly<v.InferOutput<typeof kernelSchema>>;
export type ReportCell = Readonly<v.InferOutput<typeof cellSchema>>;
export type Asked = Readonly<v.InferOutput<typeof askedSchema>>;
export type Report = Readonly<v.InferOutput<typeof reportSchema>>;

/**
 * Reads the report in `directory`. Rejects with REPORT_READ if it is missing, damaged or of another format.
 */
export const readReport = async (directory: string): Promise<Report> => {
  const path = join(directory, reportFile);
  const text = await readInput(path).catch((cause: unknown) => {
    const reason =
      systemCode(cause) === 'ENOENT'
        ? 'the file is missing; vmmci matrix writes one, also of one kernel'
        : messageOf(cause);
    throw new HarnessError('REPORT_READ', { path, reason }, cause);
  });
  const checked = parseChecked(text, reportSchema);
  if ('problem' in checked) throw new HarnessError('REPORT_READ', { path, reason: checked.problem });
  return checked.value;
};

export const serializeReport = (report: Report): string => `${JSON.stringify(report, null, 1)}\n`;
