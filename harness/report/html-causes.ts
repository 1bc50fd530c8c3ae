// The known causes of failures at the top of the HTML report.

import { shorten } from '../base/text.js';
import { escapeMarkup as e } from './escape.js';
import { type Explanation, explainedHeadline, explainReport } from './explained.js';
import type { Report } from './model.js';
import { nameCells } from './name-cells.js';

/** Causes that are shown; the most frequent come first. With the lengths below, each takes 3 KB at most. */
const maxCauses = 40;
const maxCellsLength = 400;

const causeDetails = ({ sentence, change, requirement, hosts, evidence, cells }: Explanation): string => {
  const facts = [
    ['what to change', change],
    ['breaks', requirement],
    ...(hosts === undefined ? [] : [['matters on', hosts]]),
    ['explains', shorten(nameCells(cells), maxCellsLength)],
  ];
  const list = facts.map(([name = '', text = '']) => `<dt>${e(name)}</dt><dd>${e(text)}</dd>`).join('');
  return `<details class="failed" open><summary>${e(sentence)}</summary>\n<dl>${list}</dl>\n<pre>${e(evidence.join('\n'))}</pre></details>`;
};

/** Empty if nothing failed. */
export const causesSection = (report: Pick<Report, 'cells'>): string => {
  const explained = explainReport(report);
  const headline = explainedHeadline(explained);
  if (headline === undefined) return '';
  const { explanations, unexplained } = explained;
  const title = `${headline[0]?.toUpperCase()}${headline.slice(1)}`;
  const more = explanations.length - maxCauses;
  return [
    `<h2>${e(title)}</h2>`,
    ...explanations.slice(0, maxCauses).map(causeDetails),
    ...(more > 0 ? [`<p class="note">… and ${more} more causes</p>`] : []),
    ...(unexplained.length === 0 || explanations.length === 0
      ? []
      : [`<p>No known cause for ${e(shorten(nameCells(unexplained), maxCellsLength))}.</p>`]),
  ].join('\n');
};
