// Says in lines for a terminal why cells did not pass: causes, requirements, reasons for skips.

import { fitLines, groupDigits } from '../base/bounded.js';
import { shorten } from '../base/text.js';
import { explainedHeadline, explainReport } from './explained.js';
import type { Report } from './model.js';
import { maxNamedScenarios, nameCells } from './name-cells.js';
import { levelOf, sentenceOf, unmetHeadline, unmetIn } from './unmet.js';

/** Limit for all lines but those of a grid, which has a column for each kernel. */
export const maxLength = 160;

/** Causes that are shown; the most frequent come first. */
const maxCauses = 8;

type Cells = Pick<Report, 'cells'>;

/** The reasons for skipped cells, each with the number of cells. */
export const explainSkips = ({ cells }: Cells): string[] => {
  const counts = new Map<string, number>();
  for (const { verdict, reasons } of cells) {
    if (verdict !== 'skipped') continue;
    const reason = reasons.join('; ');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const lines = [...counts].map(([reason, count]) => `${groupDigits(count)} skipped: ${reason}`);
  return lines.length === 0 ? [] : [fitLines(lines, { maxLines: 20, maxLength }).join('\n')];
};

/** Unmet requirements, the most severe level first. */
export const explainUnmet = ({ cells }: Cells): string[] => {
  const headline = unmetHeadline(cells);
  if (headline === undefined) return [];
  const lines = unmetIn(cells).flatMap((unmet) => [
    `${levelOf(unmet).padEnd(6)}  ${sentenceOf(unmet)}`,
    `        ${unmet.cells.length} × ${nameCells(unmet.cells)}`,
  ]);
  return [
    [
      `${headline}:`,
      ...fitLines(lines, { maxLines: 20, maxLength: maxLength - 2 }).map((line) => `  ${line}`),
    ].join('\n'),
  ];
};

/** Known causes, before the failures that follow from them. */
export const explainCauses = (report: Cells): string[] => {
  const explained = explainReport(report);
  const title = explainedHeadline(explained);
  if (title === undefined) return [];
  const known = explained.explanations
    .slice(0, maxCauses)
    .flatMap(({ sentence, change, requirement, hosts, evidence, cells }) => [
      `• ${sentence}`,
      `  change: ${change}`,
      `  breaks ${requirement}`,
      ...(hosts === undefined ? [] : [`  matters on ${hosts}`]),
      ...evidence.map((line) => `    ${line}`),
      `  explains ${nameCells(cells, maxNamedScenarios)}`,
    ]);
  const rest =
    explained.unexplained.length === 0 || known.length === 0
      ? []
      : [`no known cause for ${nameCells(explained.unexplained, maxNamedScenarios)}`];
  return [[title, ...known, ...rest].map((line) => shorten(line, maxLength)).join('\n')];
};
