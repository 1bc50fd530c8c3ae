// Renders the report as one self-contained HTML file. Traces and logs are on a separate page beside each
// cell's artifacts.

import { countReport, renderCounts } from './counts.js';
import { escapeMarkup as e } from './escape.js';
import { type Grid, gridsOf } from './grid.js';
import { causesSection } from './html-causes.js';
import { divergenceList, gridTable, type LinkOf, unrunList } from './html-grid.js';
import { kernelTable, stepDetails } from './html-kernels.js';
import { filterScript, htmlDocument } from './html-page.js';
import { addressOf } from './html-text.js';
import { unmetTable } from './html-unmet.js';
import type { Report, ReportCell } from './model.js';

/** Content that comes from the artifacts of the cells, not from report.json. */
export interface CellPages {
  /** A cell's section of this page; undefined if it has none. */
  section(cell: ReportCell): string | undefined;
  /** The path of the cell's own page, relative to the report's directory; undefined if it has none. */
  page(cell: ReportCell): string | undefined;
  /** Log lines of a failed build; empty if there are none. */
  buildLog(kernel: string): readonly string[];
}

/**
 * Element ids of cells: readable names, so that people can write an address; a number if a name has odd
 * characters.
 */
export const sectionIds = (cells: readonly ReportCell[]): ((cell: ReportCell) => string) => {
  const names = cells.map(({ kernel, generation, scenario }, index) => {
    const name = `${kernel}/${generation}/${scenario}`;
    return /^[\w./@-]{1,200}$/.test(name) ? name : `cell-${index}`;
  });
  const byCell = new Map(cells.map((cell, index) => [cell, names[index] ?? '']));
  return (cell) => byCell.get(cell) ?? '';
};

const renderSection = ({ generation, columns, rows }: Grid, pages: CellPages, linkOf: LinkOf): string => {
  const cells = rows.flatMap(({ cells }) => cells.filter((cell) => cell !== undefined));
  return [
    `<section data-generation="${e(generation)}">`,
    `<h2>vmd ${e(generation)}</h2>`,
    gridTable({ generation, columns, rows }, linkOf),
    unrunList(cells),
    divergenceList(rows, linkOf),
    ...cells.flatMap((cell) => pages.section(cell) ?? []),
    '</section>',
  ].join('\n');
};

const factsOf = (report: Report): string[] => [
  `driver ${report.driver}${report.driverDirectory === null ? '' : ` in ${report.driverDirectory}`}`,
  ...(report.driverCommit === null ? [] : [`commit ${report.driverCommit}`]),
  `QEMU ${report.qemu}`,
  report.accelerator,
  ...(report.kernelParameters === null ? [] : [`kernel parameters ${report.kernelParameters}`]),
  `${report.seconds.toFixed(1)} s, ${report.jobs} in parallel`,
  `started ${report.started}`,
];

export const renderHtml = (report: Report, pages: CellPages): string => {
  const idOf = sectionIds(report.cells);
  const linkOf: LinkOf = (cell) => {
    if (pages.section(cell) !== undefined) return `#${e(encodeURIComponent(idOf(cell)))}`;
    const page = pages.page(cell);
    return page === undefined ? undefined : e(addressOf(page));
  };
  const grids = gridsOf(report);
  const options = grids.map(({ generation }) => `<option value="${e(generation)}">${e(generation)}</option>`);
  const title = renderCounts(countReport(report));
  return htmlDocument({
    title: `vmmci kernel matrix: ${title}`,
    script: filterScript,
    body: [
      `<h1>Kernel matrix: ${e(title)}</h1>`,
      `<p>${e(factsOf(report).join(' · '))}</p>`,
      report.cut === null ? '' : `<p class="broken">Cut short: ${e(report.cut)}</p>`,
      causesSection(report),
      unmetTable(report.cells),
      '<h2>Kernels</h2>',
      kernelTable(report.kernels),
      stepDetails(report.kernels, pages.buildLog),
      `<p class="choices"><label>Generation of vmd: <select id="generation"><option value="">all</option>${options.join('')}</select></label>`,
      '<label><input type="checkbox" id="problems"/> hide rows that passed at the first attempt</label></p>',
      ...grids.map((grid) => renderSection(grid, pages, linkOf)),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  });
};
