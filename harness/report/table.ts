// Results as a table for people.
import type { ScenarioResult, Verdict } from '../run/result.js';

const marks: Readonly<Record<Verdict, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  broken: 'BROKEN',
  skipped: 'skipped',
};

/** Columns padded to their widest cell. */
export const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = rows.reduce<number[]>(
    (found, row) => row.map((cell, index) => Math.max(cell.length, found[index] ?? 0)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** What ran on what, then a line a scenario, the reasons below those that did not pass, and the sums. */
export const renderTable = (results: readonly ScenarioResult[], accelerator: string): string => {
  const one = (key: 'kernel' | 'driver' | 'qemu'): string =>
    [...new Set(results.map((result) => result[key]))].join(', ');
  const head = columns([
    ['kernel', one('kernel')],
    ['driver', one('driver')],
    ['QEMU', one('qemu')],
    ['accelerator', accelerator],
  ]);
  const rows = results.map(({ scenario, verdict, seconds }) => [
    scenario,
    marks[verdict],
    `${seconds.toFixed(1).padStart(5)} s`,
  ]);
  const reasons = results
    .filter(({ verdict }) => verdict !== 'passed')
    .map(({ scenario, verdict, reasons, directory }) =>
      [
        `${scenario} ${marks[verdict]}:`,
        ...reasons.map((line) => `  ${line.split('\n', 1)[0]}`),
        `  see ${directory}`,
      ].join('\n'),
    );
  return [head, columns(rows), ...reasons, renderSums(results)].join('\n\n');
};

/** `8 passed, 0 failed`, and the other two verdicts where there are any. */
export const renderSums = (results: readonly ScenarioResult[]): string => {
  const count = (verdict: Verdict): number => results.filter((result) => result.verdict === verdict).length;
  const more = (['broken', 'skipped'] as const).filter((verdict) => count(verdict) > 0);
  return (['passed', 'failed', ...more] as const).map((verdict) => `${count(verdict)} ${verdict}`).join(', ');
};

/** What to add to a run that did not pass though every result in it did: a process ended before it had one. */
export const renderMissing = (results: readonly ScenarioResult[], passed: boolean): string =>
  passed || results.some(({ verdict }) => verdict === 'failed' || verdict === 'broken')
    ? ''
    : '\nBROKEN: a scenario ended without a result; what it said is above\n';
