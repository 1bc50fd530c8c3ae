// The table of unmet requirements at the top of the HTML report.

import { shorten } from '../base/text.js';
import { escapeMarkup as e } from './escape.js';
import type { ReportCell } from './model.js';
import { nameCells } from './name-cells.js';
import { levelOf, sentenceOf, unmetHeadline, unmetIn } from './unmet.js';

const maxCellsLength = 400;

/** The most severe level first; empty if all requirements are met. */
export const unmetTable = (cells: readonly ReportCell[]): string => {
  const headline = unmetHeadline(cells);
  if (headline === undefined) return '';
  const rows = unmetIn(cells).map((unmet) => {
    const { requirement } = unmet;
    const texts = [
      sentenceOf(unmet),
      requirement?.otherwise ?? '',
      requirement?.remedy ?? '',
      requirement?.source ?? '',
    ];
    const where = shorten(nameCells(unmet.cells), maxCellsLength);
    return `<tr><th>${e(levelOf(unmet))}</th>${[...texts, where].map((text) => `<td class="prose">${e(text)}</td>`).join('')}</tr>`;
  });
  const head = ['level', 'requirement', 'on a real host', 'what to do', 'source', 'seen in'];
  return `<h2>${e(headline)}</h2>\n<div class="scroll"><table><thead><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
};
