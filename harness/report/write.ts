// All forms of a report, beside the artifacts they tell of.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Evidence, noEvidence, readEvidence } from './evidence.js';
import { type EvidenceSource, renderHtml } from './html.js';
import { renderJunit } from './junit.js';
import { renderMarkdown } from './markdown.js';
import { type Report, type ReportCell, writeReport } from './model.js';

/** Beside report.json. */
export const reportFiles = { junit: 'junit.xml', markdown: 'summary.md', html: 'index.html' } as const;

const readBuildLogs = async (directory: string, report: Report): Promise<Map<string, string[]>> => {
  const failed = report.kernels.filter(({ steps }) => steps.some(({ verdict }) => verdict === 'failed'));
  const logs = failed.map(async ({ name }): Promise<[string, string[]]> => {
    const text = await readFile(join(directory, name, 'build.log'), 'utf8').catch(() => '');
    return [name, text.split('\n')];
  });
  return new Map(await Promise.all(logs));
};

/** Reads all evidence below `directory` once, so that rendering is pure. */
const gatherEvidence = async (directory: string, report: Report): Promise<EvidenceSource> => {
  const cells = new Map<ReportCell, Evidence>();
  for (const cell of report.cells)
    if (cell.directory !== null)
      cells.set(cell, await readEvidence(join(directory, cell.directory), cell.scenario));
  const logs = await readBuildLogs(directory, report);
  return {
    cell: (cell) => cells.get(cell) ?? noEvidence,
    buildLog: (kernel) => logs.get(kernel) ?? [],
  };
};

export const writeReports = async (directory: string, report: Report): Promise<void> => {
  const evidence = await gatherEvidence(directory, report);
  await writeReport(directory, report);
  const texts = {
    [reportFiles.junit]: renderJunit(report),
    [reportFiles.markdown]: renderMarkdown(report),
    [reportFiles.html]: renderHtml(report, evidence),
  };
  for (const [name, text] of Object.entries(texts)) await writeFile(join(directory, name), text);
};
