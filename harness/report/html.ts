// The report as one HTML file that loads nothing; what is large is on a page of its own beside each cell's artifacts.
import { countReport, renderCounts } from './counts.js';
import { escapeMarkup as e } from './escape.js';
import { type Grid, gridsOf } from './grid.js';
import { gridTable, type LinkOf, partings, unrunList } from './html-grid.js';
import { kernelTable, stepDetails } from './html-kernels.js';
import { filterScript, htmlDocument } from './html-page.js';
import { addressOf } from './html-text.js';
import { unmetTable } from './html-unmet.js';
import type { Report, ReportCell } from './model.js';

/** What is known of the cells beside the report itself. */
export interface CellPages {
  /** A cell's part of this page; undefined where it has none. */
  section(cell: ReportCell): string | undefined;
  /** The address of its own page, from the report's directory; undefined where it has none. */
  page(cell: ReportCell): string | undefined;
  /** Lines of a build that failed; empty when there are none. */
  buildLog(kernel: string): readonly string[];
}

/** Where a cell is on the page: by name, so that an address can be written down; by number where a name is none. */
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
    partings(rows, linkOf),
    ...cells.flatMap((cell) => pages.section(cell) ?? []),
    '</section>',
  ].join('\n');
};

const factsOf = (report: Report): string[] => [
  `driver ${report.driver}${report.driverDirectory === null ? '' : ` in ${report.driverDirectory}`}`,
  ...(report.driverCommit === null ? [] : [`commit ${report.driverCommit}`]),
  `QEMU ${report.qemu}`,
  report.accelerator,
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
      unmetTable(report.cells),
      '<h2>Kernels</h2>',
      kernelTable(report.kernels),
      stepDetails(report.kernels, pages.buildLog),
      `<p class="choices"><label>Generation of vmd: <select id="generation"><option value="">all</option>${options.join('')}</select></label>`,
      '<label><input type="checkbox" id="problems"/> only rows in which something did not pass at once</label></p>',
      ...grids.map((grid) => renderSection(grid, pages, linkOf)),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  });
};
