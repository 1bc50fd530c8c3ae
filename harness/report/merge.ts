// Merges several reports, of shards or of single kernels, into one. Missing parts are named in `cut`.

import { HarnessError } from '../base/errors.js';
import { compareSeverity } from '../run/verdict.js';
import type { Asked, Report, ReportCell, ReportKernel, ReportStep } from './model.js';

/** A report to merge, with its directory for messages. */
export interface Part {
  readonly directory: string;
  readonly report: Report;
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

const joined = (values: readonly string[]): string =>
  distinct(values.filter((value) => value !== '')).join(' and ');

const joinedOrNull = (values: readonly (string | null)[]): string | null =>
  joined(values.flatMap((value) => value ?? [])) || null;

/** Each shard repeats the steps; the merged report shows the one with the worst verdict, then the longest. */
const worstStep = (steps: readonly ReportStep[]): ReportStep | undefined =>
  steps
    .toSorted((left, right) => compareSeverity(left.verdict, right.verdict) || left.seconds - right.seconds)
    .at(-1);

const mergeKernels = (kernels: readonly ReportKernel[]): ReportKernel[] =>
  distinct(kernels.map(({ name }) => name)).flatMap((name) => {
    const same = kernels.filter((kernel) => kernel.name === name);
    const [first] = same;
    if (first === undefined) return [];
    const steps = same.flatMap(({ steps }) => steps);
    return [
      {
        ...first,
        // The package archive may have been updated between two shards.
        release: joinedOrNull(same.map(({ release }) => release)),
        version: joinedOrNull(same.map(({ version }) => version)),
        steps: distinct(steps.map(({ name }) => name)).flatMap(
          (step) => worstStep(steps.filter((found) => found.name === step)) ?? [],
        ),
      },
    ];
  });

const mergeCells = (parts: readonly Part[]): ReportCell[] => {
  const owners = new Map<string, string>();
  for (const { directory, report } of parts)
    for (const { kernel, generation, scenario } of report.cells) {
      const cell = `${scenario} on ${kernel}, vmd ${generation}`;
      const owner = owners.get(cell);
      if (owner !== undefined)
        throw new HarnessError('REPORT_OVERLAP', { cell, first: owner, second: directory });
      owners.set(cell, directory);
    }
  return parts.flatMap(({ report }) => report.cells);
};

/** A message for each missing shard of each run that was cut into shards. */
const missingShards = (parts: readonly Part[]): string[] => {
  const runs = new Map<string, { count: number; seen: Set<number>; kernels: readonly string[] }>();
  for (const { report } of parts) {
    const [index, count] = report.shard?.split('/').map(Number) ?? [];
    if (index === undefined || count === undefined) continue;
    const key = JSON.stringify([count, report.asked]);
    const run = runs.get(key) ?? { count, seen: new Set<number>(), kernels: report.asked.kernels };
    run.seen.add(index);
    runs.set(key, run);
  }
  return [...runs.values()].flatMap(({ count, seen, kernels }) =>
    Array.from({ length: count }, (_, index) => index + 1)
      .filter((index) => !seen.has(index))
      .map((index) => `no report of shard ${index}/${count} of ${kernels.join(', ')}`),
  );
};

const mergeAsked = (parts: readonly Part[]): Asked => {
  const all = (key: keyof Asked): string[] => distinct(parts.flatMap(({ report }) => report.asked[key]));
  return { kernels: all('kernels'), generations: all('generations'), files: all('files') };
};

/**
 * Throws REPORT_OVERLAP if two parts contain the same cell, REPORT_NONE if there are no parts. `expected`
 * names kernels that must have a report; a missing kernel or shard is named in `cut`. Directories of cells
 * stay relative, so the artifacts of all parts must be below one directory.
 */
export const mergeReports = (parts: readonly Part[], expected: readonly string[] = []): Report => {
  const [first] = parts;
  if (first === undefined) throw new HarnessError('REPORT_NONE', {});
  const reports = parts.map(({ report }) => report);
  const all = (key: 'harness' | 'driver' | 'qemu' | 'accelerator'): string =>
    joined(reports.map((report) => report[key]));
  const kernels = mergeKernels(reports.flatMap(({ kernels }) => kernels));
  const missing = expected
    .filter((name) => !kernels.some((kernel) => kernel.name === name))
    .map((name) => `no report of kernel ${name}`);
  const cut = [...reports.flatMap(({ cut }) => cut ?? []), ...missingShards(parts), ...missing];
  const asked = mergeAsked(parts);
  return {
    ...first.report,
    started: reports.map(({ started }) => started).sort()[0] ?? first.report.started,
    seconds: Math.max(...reports.map(({ seconds }) => seconds)),
    harness: all('harness'),
    driver: all('driver'),
    kernelParameters: joinedOrNull(reports.map(({ kernelParameters }) => kernelParameters)),
    driverDirectory: joinedOrNull(reports.map(({ driverDirectory }) => driverDirectory)),
    driverCommit: joinedOrNull(reports.map(({ driverCommit }) => driverCommit)),
    qemu: all('qemu'),
    accelerator: all('accelerator'),
    jobs: Math.max(...reports.map(({ jobs }) => jobs)),
    asked: { ...asked, kernels: distinct([...asked.kernels, ...expected]) },
    shard: null,
    cut: cut.length === 0 ? null : distinct(cut).join('; '),
    kernels,
    cells: mergeCells(parts),
  };
};
