// The grid of scenarios and kernels in the HTML report, and the differences between the kernels.

import { groupDigits } from '../base/bounded.js';
import { firstLine, shorten } from '../base/text.js';
import { divergencesOf } from './differences.js';
import { escapeMarkup as e } from './escape.js';
import type { Grid, GridRow } from './grid.js';
import { htmlMark, htmlWord } from './marks.js';
import type { ReportCell } from './model.js';

/** The escaped address of a cell's details; undefined if it has none. */
export type LinkOf = (cell: ReportCell) => string | undefined;

const maxReasonLength = 200;

/** Limit for each list, so that a person can read the page; report.json has the other items. */
const maxItems = 100;

const briefly = (reasons: readonly string[]): string => shorten(firstLine(reasons[0]), maxReasonLength);

/** The cell was not started. Many cells share one reason, which is listed once. */
export const isUnrun = ({ verdict, directory }: ReportCell): boolean =>
  verdict === 'skipped' && directory === null;

const gridCell = (cell: ReportCell | undefined, linkOf: LinkOf): string => {
  if (cell === undefined) return '<td></td>';
  const text = htmlMark(cell);
  const link = linkOf(cell);
  const inner = link === undefined ? text : `<a href="${link}">${text}</a>`;
  const title = cell.verdict === 'passed' || isUnrun(cell) ? '' : ` title="${e(briefly(cell.reasons))}"`;
  return `<td class="${cell.verdict}"${title}>${inner}</td>`;
};

/** Every cell of the row passed at the first attempt. */
const isFine = (cells: readonly (ReportCell | undefined)[]): boolean =>
  cells.every((cell) => cell === undefined || (cell.verdict === 'passed' && cell.retried.length === 0));

export const gridTable = ({ columns, rows }: Grid, linkOf: LinkOf): string =>
  [
    `<div class="scroll"><table><thead><tr><th>scenario</th>${columns.map(({ name, release }) => `<th>${e(name)}<small>${e(release ?? '–')}</small></th>`).join('')}</tr></thead><tbody>`,
    ...rows.map(
      ({ name, cells }) =>
        `<tr${isFine(cells) ? ' data-fine' : ''}><th>${e(name)}</th>${cells.map((cell) => gridCell(cell, linkOf)).join('')}</tr>`,
    ),
    '</tbody></table></div>',
  ].join('\n');

const limited = (items: readonly string[], render: (missing: number) => string): string[] =>
  items.length <= maxItems ? [...items] : [...items.slice(0, maxItems), render(items.length - maxItems)];

/** The reasons why cells did not run, each with the number of cells. */
export const unrunList = (cells: readonly ReportCell[]): string => {
  const counts = new Map<string, number>();
  for (const { reasons } of cells.filter(isUnrun)) {
    const reason = shorten(reasons.join('; '), 2 * maxReasonLength);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const items = [...counts].map(([reason, count]) => `<li>${groupDigits(count)} not run: ${e(reason)}</li>`);
  const shown = limited(items, (missing) => `<li>… ${groupDigits(missing)} more reasons</li>`);
  return shown.length === 0 ? '' : `<ul class="skipped">${shown.join('')}</ul>`;
};

/**
 * Scenarios whose result differs between kernels, or a line that all results are the same. Empty for fewer
 * than two kernels.
 */
export const divergenceList = (rows: readonly GridRow[], linkOf: LinkOf): string => {
  const kernels = new Set(
    rows.flatMap(({ cells }) => cells.flatMap((cell) => (cell?.directory == null ? [] : [cell.kernel]))),
  );
  if (kernels.size < 2) return '';
  const nameOf = (cell: ReportCell): string => {
    const link = linkOf(cell);
    return link === undefined ? e(cell.kernel) : `<a href="${link}">${e(cell.kernel)}</a>`;
  };
  const found = divergencesOf(rows).map(({ scenario, groups }) => {
    const results = groups.map((cells) => {
      const [first] = cells;
      const reason = briefly(first?.reasons ?? []);
      const why = reason === '' ? '' : `: ${e(reason)}`;
      return `<li><span class="${first?.verdict}">${htmlWord(first?.verdict ?? 'skipped')}</span> on ${cells.map(nameOf).join(', ')}${why}</li>`;
    });
    return `<dt>${e(scenario)}</dt><dd><ul>${results.join('')}</ul></dd>`;
  });
  if (found.length === 0)
    return `<p class="note">All scenarios gave the same result on all ${kernels.size} kernels on which they ran.</p>`;
  const shown = limited(found, (missing) => `<dt>… ${groupDigits(missing)} more</dt><dd></dd>`);
  return `<h3>Differences between the kernels</h3>\n<dl class="divergences">${shown.join('\n')}</dl>`;
};
