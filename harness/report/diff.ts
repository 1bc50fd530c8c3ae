// Compares two reports of the matrix.

import { firstLine } from '../base/text.js';
import { isBad, type Verdict } from '../run/verdict.js';
import type { Report } from './model.js';

/** A cell, or a step of a kernel, whose verdict differs between the reports. */
export interface Change {
  readonly kernel: string;
  /** `clock-driver, vmd 8.0`, or `build`. */
  readonly what: string;
  readonly before: Verdict | undefined;
  readonly after: Verdict | undefined;
  /** Reasons of the later verdict. */
  readonly reasons: readonly string[];
}

/** A kernel that is in only one of the reports. */
export interface WholeKernel {
  readonly kernel: string;
  readonly cells: number;
}

export interface ReportDiff {
  /** Kernels that ran in another package version: `[name, before, after]`. */
  readonly builds: readonly (readonly [string, string, string])[];
  /** Includes the changes of removed and added kernels. */
  readonly changes: readonly Change[];
  readonly removed: readonly WholeKernel[];
  readonly added: readonly WholeKernel[];
}

type Row = Pick<Change, 'kernel' | 'what' | 'reasons'> & { readonly verdict: Verdict };

const rowsOf = ({ kernels, cells }: Report): Map<string, Row> => {
  const rows: Row[] = [
    ...kernels.flatMap(({ name, steps }) =>
      steps.map((step) => ({ kernel: name, what: step.name, verdict: step.verdict, reasons: step.reasons })),
    ),
    ...cells.map(({ kernel, scenario, generation, verdict, reasons }) => ({
      kernel,
      what: `${scenario}, vmd ${generation}`,
      verdict,
      reasons,
    })),
  ];
  return new Map(rows.map((row) => [JSON.stringify([row.kernel, row.what]), row]));
};

const isBadVerdict = (verdict: Verdict | undefined): boolean => verdict !== undefined && isBad({ verdict });

/** Bad now and not bad before (or not run before), or `failed` after `broken`. */
export const isWorse = ({ before, after }: Change): boolean =>
  isBadVerdict(after) && (!isBadVerdict(before) || (before === 'broken' && after === 'failed'));

/** Passed before, and is skipped or absent now. */
export const isLost = ({ before, after }: Change): boolean =>
  before === 'passed' && (after === undefined || after === 'skipped');

const kernelsOf = ({ kernels, cells }: Report): Set<string> =>
  new Set([...kernels.map(({ name }) => name), ...cells.map(({ kernel }) => kernel)]);

const onlyIn = (report: Report, other: Report): WholeKernel[] => {
  const known = kernelsOf(other);
  return [...kernelsOf(report)]
    .filter((kernel) => !known.has(kernel))
    .map((kernel) => ({ kernel, cells: report.cells.filter((cell) => cell.kernel === kernel).length }));
};

export const diffReports = (before: Report, after: Report): ReportDiff => {
  const [old, now] = [rowsOf(before), rowsOf(after)];
  const changes = [...new Set([...now.keys(), ...old.keys()])].flatMap((key): Change[] => {
    const [left, right] = [old.get(key), now.get(key)];
    const row = right ?? left;
    if (row === undefined || left?.verdict === right?.verdict) return [];
    const { kernel, what } = row;
    return [{ kernel, what, before: left?.verdict, after: right?.verdict, reasons: right?.reasons ?? [] }];
  });
  const versions = new Map(before.kernels.map(({ name, version }) => [name, version]));
  const builds = after.kernels.flatMap(({ name, version }) => {
    const earlier = versions.get(name);
    return earlier == null || version === null || earlier === version
      ? []
      : [[name, earlier, version] as const];
  });
  return { builds, changes, removed: onlyIn(before, after), added: onlyIn(after, before) };
};

const line = ({ kernel, what, before, after, reasons }: Change): string => {
  const why = isBadVerdict(after) && reasons[0] !== undefined ? `: ${firstLine(reasons[0])}` : '';
  return `  ${kernel} ${what}: ${before ?? 'absent'} → ${after ?? 'absent'}${why}`;
};

const wholeLine = ({ kernel, cells }: WholeKernel, what: string): string =>
  `  kernel ${kernel}: ${what} (${cells} ${cells === 1 ? 'cell' : 'cells'})`;

/**
 * Text for a terminal; `no verdict changed` if nothing changed. A removed or added kernel takes one line;
 * only its bad cells are listed separately.
 */
export const renderDiff = ({ builds, changes, removed, added }: ReportDiff): string => {
  const whole = new Set([...removed, ...added].map(({ kernel }) => kernel));
  const hasLost = ({ kernel }: WholeKernel): boolean =>
    changes.some((change) => change.kernel === kernel && isLost(change));
  const single = (isIncluded: (change: Change) => boolean): string[] =>
    changes.filter((change) => !whole.has(change.kernel) && isIncluded(change)).map(line);
  const noLonger = (kernels: readonly WholeKernel[]): string[] =>
    kernels.map((kernel) => wholeLine(kernel, 'no longer run'));
  const groups: [string, string[]][] = [
    ['other builds', builds.map(([name, a, b]) => `  ${name}: ${a} → ${b}`)],
    ['worse', changes.filter(isWorse).map(line)],
    ['lost', [...noLonger(removed.filter(hasLost)), ...single(isLost)]],
    [
      'other changes',
      [
        ...noLonger(removed.filter((kernel) => !hasLost(kernel))),
        ...added.map((kernel) => wholeLine(kernel, 'new')),
        ...single((change) => !isWorse(change) && !isLost(change)),
      ],
    ],
  ];
  const lines = groups.flatMap(([title, found]) => (found.length === 0 ? [] : [`${title}:`, ...found]));
  return lines.length === 0 ? 'no verdict changed' : lines.join('\n');
};
