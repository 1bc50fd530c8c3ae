// Renders the results of a run as a table for a terminal.

import { fitLines, foldLines } from '../base/bounded.js';
import { firstLine, printable } from '../base/text.js';
import type { ScenarioResult } from '../run/result.js';
import { isBad, verdictWord } from '../run/verdict.js';
import { countVerdicts, renderCounts } from './counts.js';
import { explainCauses, explainSkips, explainUnmet } from './explain-lines.js';
import { explainReport } from './explained.js';
import type { ReportCell } from './model.js';

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

/** Limits for the reasons of one scenario: with the digest of its TAP, at most 20 lines of 160 characters. */
const reasonLimits = { maxLines: 5, maxLength: 158 };

const cellOf = ({ unmet = [], causes = [], ...result }: ScenarioResult): ReportCell => ({
  ...result,
  file: result.scenario,
  unmet,
  causes,
  retried: [],
});

/**
 * A line for each scenario, reasons for skips, requirements that are not met, the reasons of those failures
 * that no cause explains, the causes, and the counts: what says most comes last, where a terminal shows it.
 */
export const renderResults = (results: readonly ScenarioResult[]): string => {
  const rows = results.map(({ scenario, verdict, seconds }) => [
    scenario,
    verdictWord[verdict],
    `${seconds.toFixed(1).padStart(5)} s`,
  ]);
  const cells = results.map(cellOf);
  const { unexplained } = explainReport({ cells });
  const reasons = cells
    .filter((cell) => cell.verdict === 'broken' || unexplained.includes(cell))
    .map(({ scenario, verdict, reasons, directory }) =>
      [
        `${scenario} ${verdictWord[verdict]}:`,
        ...fitLines(foldLines(reasons.map((reason) => printable(firstLine(reason)))), reasonLimits).map(
          (line) => `  ${line}`,
        ),
        `  see ${directory}`,
      ].join('\n'),
    );
  return [
    columns(rows),
    ...explainSkips({ cells }),
    ...explainUnmet({ cells }),
    ...reasons,
    ...explainCauses({ cells }),
    renderCounts(countVerdicts(results)),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};

/** The versions of what took part, and the results. */
export const renderTable = (results: readonly ScenarioResult[], accelerator: string): string => {
  const distinct = (key: 'kernel' | 'driver' | 'qemu'): string =>
    [...new Set(results.map((result) => result[key]).filter((text) => text !== ''))].join(', ');
  const rows = [
    ['kernel', distinct('kernel')],
    ['driver', distinct('driver')],
    ['QEMU', distinct('qemu')],
    ['accelerator', accelerator],
  ];
  const head = columns(rows.filter(([, text]) => text !== ''));
  return `${head}\n\n${renderResults(results)}`;
};

/**
 * A message for a run that did not pass although no result is bad: a process ended without a result.
 * Otherwise empty.
 */
export const renderMissing = (results: readonly ScenarioResult[], passed: boolean): string =>
  passed || results.some(isBad)
    ? ''
    : '\nBROKEN: a scenario, or a file of scenarios, ended without a result; see its output above\n';
