// Writes all forms of a report into the directory of its artifacts.

import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HarnessError, hasCode } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import { replaceFile } from '../base/write-file.js';
import { transcriptOf } from './differences.js';
import { type Evidence, noEvidence, readEvidence } from './evidence.js';
import { gridsOf } from './grid.js';
import { type CellPages, renderHtml, sectionIds } from './html.js';
import { cellPageFile, renderCellPage, renderCellSection } from './html-cell.js';
import { isUnrun } from './html-grid.js';
import { renderJunit } from './junit.js';
import { renderMarkdown } from './markdown.js';
import { type Report, type ReportCell, reportFile, serializeReport } from './model.js';
import { readEnds } from './read-ends.js';

/** Beside report.json. */
export const reportFiles = { junit: 'junit.xml', markdown: 'summary.md', html: 'index.html' } as const;

const maxBuildLogBytes = 200_000;

/**
 * Replaces a file atomically, so that nobody reads half a report. Creates the directory. Rejects with
 * REPORT_WRITE.
 */
const writeAtomically = async (path: string, text: string): Promise<void> => {
  try {
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, text);
  } catch (error) {
    const cause = hasCode(error, 'HOST') ? error.cause : error;
    throw new HarnessError('REPORT_WRITE', { path, reason: messageOf(cause) }, cause);
  }
};

/** A cell that passed at the first attempt has no section on the report's page, only a page of its own. */
const hasSection = (cell: ReportCell): boolean =>
  !isUnrun(cell) && (cell.verdict !== 'passed' || cell.retried.length > 0);

/**
 * Writes the page of each cell that has a trace. Resolves with the parts of the report's page. Traces are
 * large, so only one row of the grid is in memory at a time.
 */
const writeCellPages = async (directory: string, report: Report): Promise<CellPages> => {
  const sections = new Map<ReportCell, string>();
  const pages = new Map<ReportCell, string>();
  const idOf = sectionIds(report.cells);
  for (const { cells } of gridsOf(report).flatMap(({ rows }) => rows)) {
    const row = cells.filter((cell) => cell !== undefined);
    const evidence = new Map<ReportCell, Evidence>();
    for (const cell of row)
      if (cell.directory !== null) evidence.set(cell, await readEvidence(join(directory, cell.directory)));
    const transcripts = new Map(
      [...evidence]
        .map(([{ kernel }, { trace }]) => [kernel, transcriptOf(trace)] as const)
        .filter(([, transcript]) => transcript.length > 0),
    );
    for (const cell of row) {
      const known = evidence.get(cell);
      const view = { report, cell, id: idOf(cell), row, transcripts, evidence: known ?? noEvidence };
      if (cell.directory !== null && known !== undefined && known.trace.length > 0) {
        await writeAtomically(join(directory, cell.directory, cellPageFile), renderCellPage(view));
        pages.set(cell, `${cell.directory}/${cellPageFile}`);
      }
      if (hasSection(cell)) sections.set(cell, renderCellSection(view, pages.get(cell)));
    }
  }
  const logs = new Map<string, readonly string[]>();
  for (const { name, steps } of report.kernels)
    if (steps.some(({ verdict }) => verdict === 'failed'))
      logs.set(name, (await readEnds(join(directory, name, 'build.log'), maxBuildLogBytes)).lines);
  return {
    section: (cell) => sections.get(cell),
    page: (cell) => pages.get(cell),
    buildLog: (kernel) => logs.get(kernel) ?? [],
  };
};

/**
 * Creates the directory if necessary. Writes report.json first, because the other forms can be rebuilt from
 * it. Rejects with REPORT_WRITE if a file cannot be written.
 */
export const writeReports = async (directory: string, report: Report): Promise<void> => {
  await writeAtomically(join(directory, reportFile), serializeReport(report));
  await writeAtomically(join(directory, reportFiles.junit), renderJunit(report));
  await writeAtomically(join(directory, reportFiles.markdown), renderMarkdown(report));
  const pages = await writeCellPages(directory, report);
  await writeAtomically(join(directory, reportFiles.html), renderHtml(report, pages));
};
