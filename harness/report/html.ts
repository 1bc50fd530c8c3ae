// The report as one HTML file that needs nothing else: no network, no other file.

import { createHash } from 'node:crypto';
import { firstLine } from '../base/text.js';
import { countReport, renderCounts } from './counts.js';
import { partingsOf, transcriptOf } from './differences.js';
import { escapeMarkup } from './escape.js';
import type { Evidence } from './evidence.js';
import { type GridRow, gridsOf, stepNames } from './grid.js';
import { block, renderCell } from './html-cell.js';
import { script, style } from './html-page.js';
import { htmlMark, htmlWord } from './marks.js';
import type { Report, ReportCell, ReportKernel, ReportStep } from './model.js';

/** What is kept of a cell, and of a build that failed. */
export interface EvidenceSource {
  cell(cell: ReportCell): Evidence;
  /** Lines; empty when there is none. */
  buildLog(kernel: string): readonly string[];
}

const e = escapeMarkup;

/** Only what this page brings along may run or style it. */
const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/** Where a cell is on the page: by name, so that an address can be written down; by number where a name is none. */
const namesOf = (cells: readonly ReportCell[]): ((cell: ReportCell) => string) => {
  const names = cells.map(({ kernel, generation, scenario }, index) => {
    const name = `${kernel}/${generation}/${scenario}`;
    return /^[\w./@-]+$/.test(name) ? name : `cell-${index}`;
  });
  const byCell = new Map(cells.map((cell, index) => [cell, names[index] ?? '']));
  return (cell) => byCell.get(cell) ?? '';
};

/** Not even begun: one reason for many cells, and told once. */
const isUnrun = ({ verdict, directory }: ReportCell): boolean => verdict === 'skipped' && directory === null;

/** A cell that ran well, and of which nothing was kept, has nothing more to tell than its table does. */
const hasMore = (cell: ReportCell, evidence: Evidence): boolean =>
  !isUnrun(cell) && (cell.verdict !== 'passed' || cell.retried.length > 0 || evidence.trace.length > 0);

const unrunList = (cells: readonly ReportCell[]): string => {
  const counts = new Map<string, number>();
  for (const { reasons } of cells.filter(isUnrun)) {
    const reason = reasons.join('; ');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const items = [...counts].map(([reason, count]) => `<li>${count} not run: ${e(reason)}</li>`);
  return items.length === 0 ? '' : `<ul class="skipped">${items.join('')}</ul>`;
};

const stepCell = (step: ReportStep | undefined): string => {
  if (step === undefined) return '<td></td>';
  return `<td class="${step.verdict}">${htmlMark(step)}</td>`;
};

const kernelTable = (kernels: readonly ReportKernel[]): string => {
  const head = ['kernel', 'release', 'package', 'suite', ...stepNames, 'what is special'];
  const rows = kernels.map(({ name, release, version, suite, steps, differs }) => {
    const texts = [name, release ?? '–', version ?? '–', suite].map((text) => `<td>${e(text)}</td>`);
    const done = stepNames.map((step) => stepCell(steps.find((found) => found.name === step)));
    return `<tr>${texts.join('')}${done.join('')}<td class="prose">${e(differs)}</td></tr>`;
  });
  return `<div class="wide"><table><thead><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
};

/** The address of a cell that has more to tell. */
type LinkOf = (cell: ReportCell) => string | undefined;

const gridCell = (cell: ReportCell | undefined, linkOf: LinkOf): string => {
  if (cell === undefined) return '<td></td>';
  const { verdict } = cell;
  const text = htmlMark(cell);
  const link = linkOf(cell);
  const inner = link === undefined ? text : `<a href="#${e(encodeURIComponent(link))}">${text}</a>`;
  const title = verdict === 'passed' ? '' : ` title="${e(firstLine(cell.reasons[0]))}"`;
  return `<td class="${verdict}"${title}>${inner}</td>`;
};

/** Nothing to look at: it passed, at the first attempt, wherever it was to run. */
const isFine = (cells: readonly (ReportCell | undefined)[]): boolean =>
  cells.every((cell) => cell === undefined || (cell.verdict === 'passed' && cell.retried.length === 0));

/** Which scenarios tell the kernels apart; a line that says so when none does. */
const partings = (rows: readonly GridRow[], linkOf: LinkOf): string => {
  const kernels = new Set(
    rows.flatMap(({ cells }) => cells.flatMap((cell) => (cell?.directory == null ? [] : [cell.kernel]))),
  );
  if (kernels.size < 2) return '';
  const nameOf = (cell: ReportCell): string => {
    const link = linkOf(cell);
    return link === undefined
      ? e(cell.kernel)
      : `<a href="#${e(encodeURIComponent(link))}">${e(cell.kernel)}</a>`;
  };
  const told = partingsOf(rows).map(({ scenario, groups }) => {
    const ends = groups.map((cells) => {
      const [first] = cells;
      const reason = firstLine(first?.reasons[0]);
      const why = reason === '' ? '' : `: ${e(reason)}`;
      return `<li><span class="${first?.verdict}">${htmlWord(first?.verdict ?? 'skipped')}</span> on ${cells.map(nameOf).join(', ')}${why}</li>`;
    });
    return `<dt>${e(scenario)}</dt><dd><ul>${ends.join('')}</ul></dd>`;
  });
  return told.length === 0
    ? `<p class="note">No scenario tells these ${kernels.size} kernels apart: each ended alike on all on which it ran.</p>`
    : `<h3>What differs between the kernels</h3>\n<dl class="partings">${told.join('\n')}</dl>`;
};

const gridTable = (columns: readonly ReportKernel[], rows: readonly GridRow[], linkOf: LinkOf): string =>
  [
    `<div class="wide"><table><thead><tr><th>scenario</th>${columns.map(({ name, release }) => `<th>${e(name)}<small>${e(release ?? '–')}</small></th>`).join('')}</tr></thead><tbody>`,
    ...rows.map(
      ({ name, cells }) =>
        `<tr${isFine(cells) ? ' data-fine' : ''}><th>${e(name)}</th>${cells.map((cell) => gridCell(cell, linkOf)).join('')}</tr>`,
    ),
    '</tbody></table></div>',
  ].join('\n');

const stepDetails = (kernels: readonly ReportKernel[], evidence: EvidenceSource): string =>
  kernels
    .flatMap(({ name, steps }) =>
      steps
        .filter(({ verdict, retried }) => verdict !== 'passed' || retried.length > 0)
        .map((step) =>
          [
            `<details><summary>${step.name} of ${e(name)}: <span class="${step.verdict}">${step.verdict}</span></summary>`,
            block('Why', step.reasons),
            block('Retried after', step.retried),
            step.name === 'build' ? block('Build log', evidence.buildLog(name), 200) : '',
            '</details>',
          ].join('\n'),
        ),
    )
    .join('\n');

export const renderHtml = (report: Report, evidence: EvidenceSource): string => {
  const grids = gridsOf(report);
  const idOf = namesOf(report.cells);
  const told = (cell: ReportCell): boolean => hasMore(cell, evidence.cell(cell));
  const linkOf: LinkOf = (cell) => (told(cell) ? idOf(cell) : undefined);
  const sections = grids.map(({ generation, columns, rows }) => {
    const cells = rows.flatMap(({ cells }) => {
      const row = cells.filter((cell) => cell !== undefined);
      const traces = row
        .map((cell) => ({ kernel: cell.kernel, transcript: transcriptOf(evidence.cell(cell).trace) }))
        .filter(({ transcript }) => transcript.length > 0);
      return row.filter(told).map((cell) => ({
        cell,
        text: renderCell({ report, cell, id: idOf(cell), row, evidence: evidence.cell(cell), traces }),
      }));
    });
    const [fine, others] = [true, false].map((passed) =>
      cells
        .filter(({ cell }) => (cell.verdict === 'passed' && cell.retried.length === 0) === passed)
        .map(({ text }) => text),
    );
    return [
      `<section data-generation="${e(generation)}">`,
      `<h2>vmd ${e(generation)}</h2>`,
      gridTable(columns, rows, linkOf),
      unrunList(rows.flatMap(({ cells }) => cells.filter((cell) => cell !== undefined))),
      partings(rows, linkOf),
      ...(others ?? []),
      ...(fine === undefined || fine.length === 0
        ? []
        : [`<details><summary>What passed, and was kept (${fine.length})</summary>`, ...fine, '</details>']),
      '</section>',
    ].join('\n');
  });
  const options = grids.map(({ generation }) => `<option value="${e(generation)}">${e(generation)}</option>`);
  const facts = [
    `driver ${report.driver}${report.driverDirectory === null ? '' : ` in ${report.driverDirectory}`}`,
    `QEMU ${report.qemu}`,
    report.accelerator,
    `${report.seconds.toFixed(1)} s, ${report.jobs} at once`,
    `started ${report.started}`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>vmmci kernel matrix: ${e(renderCounts(countReport(report)))}</title>
<style>${style}</style>
</head>
<body>
<h1>Kernel matrix: ${e(renderCounts(countReport(report)))}</h1>
<p>${e(facts.join(' · '))}</p>
${report.cut === null ? '' : `<p class="broken">Cut short: ${e(report.cut)}</p>`}
<h2>Kernels</h2>
${kernelTable(report.kernels)}
${stepDetails(report.kernels, evidence)}
<p class="choices"><label>Generation of vmd: <select id="generation"><option value="">all</option>${options.join('')}</select></label>
<label><input type="checkbox" id="problems"/> only rows in which something did not pass at once</label></p>
${sections.join('\n')}
<script>${script}</script>
</body>
</html>
`;
};
