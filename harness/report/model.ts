// What a run of the matrix leaves for every report: one JSON file, whose paths are relative to it.
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import * as v from 'valibot';
import { HarnessError } from '../base/errors.js';
import { parseChecked } from '../base/read-checked.js';
import { unmetSchema } from '../run/result.js';
import { verdicts } from '../run/verdict.js';

/** Raise it when a reader of the older form would misread the newer. */
export const reportFormat = 1;

export const reportFile = 'report.json';

/** What is done once for a kernel, before its scenarios. */
export const stepNames = ['fetch', 'build', 'boot'] as const;

export type StepName = (typeof stepNames)[number];

const texts = v.pipe(v.array(v.string()), v.readonly());
const listOf = <T extends v.GenericSchema>(item: T) => v.pipe(v.array(item), v.readonly());
/** Other people's reports are merged here: no path of theirs leads out of the report's directory. */
const inside = v.pipe(
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
  /** It was in the cache. */
  cached: v.boolean(),
  /** Why an earlier attempt was broken; empty when there was none. */
  retried: texts,
});

const kernelSchema = v.object({
  /** As in the kernel table: `6.12-cloud`; also the directory of its artifacts. */
  name: inside,
  series: v.string(),
  flavour: v.string(),
  suite: v.string(),
  /** What a driver meets here that the others do not have. */
  differs: v.string(),
  /** As `uname -r` prints it; null where the kernel was unavailable. */
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
  /** Peak resident memory of the Node process, in MiB; 0 where nothing ran. */
  nodeMiB: v.number(),
  /** Requirements of the driver that were not met, each with the line of the first check that says so. */
  unmet: v.optional(unmetSchema, []),
  /** Where its artifacts are, from the report's directory; null where nothing ran. */
  directory: v.nullable(inside),
  /** Why an earlier attempt was broken; empty when there was none. */
  retried: texts,
  /** Why it failed, as far as that is known, with the lines that show it. */
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
  /** As it was given on the command line; null for the bundled driver. */
  driverDirectory: v.nullable(v.string()),
  /** The commit of the driver's directory, with `-dirty` after it if files were changed; null where there is none. */
  driverCommit: v.optional(v.nullable(v.string()), null),
  /** `--driver-description`, `--scenarios`, `--qemu` and `--level` as they were given; null where they were not. */
  description: v.optional(v.nullable(v.string()), null),
  scenarios: v.optional(v.nullable(v.string()), null),
  qemuPath: v.optional(v.nullable(v.string()), null),
  level: v.optional(v.nullable(v.string()), null),
  qemu: v.string(),
  accelerator: v.string(),
  jobs: v.number(),
  /** What was asked for, before it was cut into shards. */
  asked: askedSchema,
  /** `2/4` for one of several; null for a whole run. */
  shard: v.nullable(v.string()),
  /** Why it ended before all had run; null when all had. */
  cut: v.nullable(v.string()),
  kernels: listOf(kernelSchema),
  cells: listOf(cellSchema),
});

export type ReportStep = Readonly<v.InferOutput<typeof stepSchema>>;
export type ReportKernel = Readonly<v.InferOutput<typeof kernelSchema>>;
export type ReportCell = Readonly<v.InferOutput<typeof cellSchema>>;
export type Asked = Readonly<v.InferOutput<typeof askedSchema>>;
export type Report = Readonly<v.InferOutput<typeof reportSchema>>;

/** The report in `directory`. REPORT_READ when there is none, one of another format, or one that is damaged. */
export const readReport = async (directory: string): Promise<Report> => {
  const path = join(directory, reportFile);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'the file is missing' : cause.message;
    throw new HarnessError('REPORT_READ', { path, reason }, cause);
  });
  const checked = parseChecked(text, reportSchema);
  if ('problem' in checked) throw new HarnessError('REPORT_READ', { path, reason: checked.problem });
  return checked.value;
};

export const serializeReport = (report: Report): string => `${JSON.stringify(report, null, 1)}\n`;
