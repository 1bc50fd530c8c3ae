// What changed from one report to the next.
import type { Verdict } from '../scenario/result.js';
import type { Report } from './model.js';

/** A cell, or a step of a kernel, of which at least one report tells. */
export interface Change {
  readonly kernel: string;
  /** `clock-driver, vmd 8.0`, or `build`. */
  readonly what: string;
  readonly before: Verdict | undefined;
  readonly after: Verdict | undefined;
  /** Why, after. */
  readonly reasons: readonly string[];
}

export interface ReportDiff {
  /** Kernels of which another build was run: `[name, before, after]`. */
  readonly builds: readonly (readonly [string, string, string])[];
  readonly changes: readonly Change[];
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

const isBad = (verdict: Verdict | undefined): boolean => verdict === 'failed' || verdict === 'broken';

/** It is bad now, and was not: also where nothing was known before. */
export const isWorse = ({ before, after }: Change): boolean =>
  isBad(after) && (!isBad(before) || (before === 'broken' && after === 'failed'));

/** It ran well before, and does not run now. */
export const isLost = ({ before, after }: Change): boolean =>
  before === 'passed' && (after === undefined || after === 'skipped');

export const diffReports = (before: Report, after: Report): ReportDiff => {
  const [old, now] = [rowsOf(before), rowsOf(after)];
  const changes = [...new Set([...now.keys(), ...old.keys()])].flatMap((key): Change[] => {
    const [left, right] = [old.get(key), now.get(key)];
    const some = right ?? left;
    if (some === undefined || left?.verdict === right?.verdict) return [];
    const { kernel, what } = some;
    return [{ kernel, what, before: left?.verdict, after: right?.verdict, reasons: right?.reasons ?? [] }];
  });
  const versions = new Map(before.kernels.map(({ name, version }) => [name, version]));
  const builds = after.kernels.flatMap(({ name, version }) => {
    const earlier = versions.get(name);
    return earlier == null || version === null || earlier === version
      ? []
      : [[name, earlier, version] as const];
  });
  return { builds, changes };
};

const line = ({ kernel, what, before, after, reasons }: Change): string => {
  const why = isBad(after) && reasons[0] !== undefined ? `: ${reasons[0].split('\n', 1)[0]}` : '';
  return `  ${kernel} ${what}: ${before ?? 'not there'} → ${after ?? 'not there'}${why}`;
};

/** For a terminal; says so when nothing changed. */
export const renderDiff = ({ builds, changes }: ReportDiff): string => {
  const group = (title: string, fits: (change: Change) => boolean): string[] => {
    const found = changes.filter(fits);
    return found.length === 0 ? [] : [`${title}:`, ...found.map(line)];
  };
  const lines = [
    ...(builds.length === 0
      ? []
      : ['other builds:', ...builds.map(([name, a, b]) => `  ${name}: ${a} → ${b}`)]),
    ...group('worse', isWorse),
    ...group('lost', isLost),
    ...group('other changes', (change) => !isWorse(change) && !isLost(change)),
  ];
  return lines.length === 0 ? 'no verdict changed' : lines.join('\n');
};
