// A report for tests. It contains every kind of entry, and text that breaks out of missing escapes.

import { type Evidence, noEvidence } from '../report/evidence.js';
import { type CellPages, sectionIds } from '../report/html.js';
import { renderCellSection } from '../report/html-cell.js';
import {
  type Report,
  type ReportCell,
  type ReportKernel,
  type ReportStep,
  reportFormat,
} from '../report/model.js';
import type { Verdict } from '../run/verdict.js';

/** Text that breaks elements, attributes, CDATA, tables, code blocks and terminals unless it is escaped. */
export const hostile =
  '</pre></script><script>document.title="owned"</script><img src=x onerror=\'document.title="owned"\'>' +
  '" onmouseover="x" | **b** `c` ```` ]]> &amp; \u001b[31m\u0000\ud800 @everyone [l](javascript:x)';

export const sampleStep = (
  name: ReportStep['name'],
  verdict: Verdict,
  reasons: readonly string[] = [],
): ReportStep => ({
  name,
  verdict,
  reasons,
  seconds: 1.5,
  cached: false,
  retried: [],
});

export const sampleCell = (
  kernel: string,
  scenario: string,
  verdict: Verdict,
  more: Partial<ReportCell> = {},
): ReportCell => ({
  kernel,
  generation: '8.0',
  file: scenario,
  scenario,
  verdict,
  reasons: verdict === 'passed' ? [] : [`${scenario} ${verdict}`],
  seconds: 2,
  nodeMiB: 90,
  unmet: [],
  directory: `${kernel}/${scenario}`,
  retried: [],
  causes: [],
  ...more,
});

export const sampleKernel = (name: string, more: Partial<ReportKernel> = {}): ReportKernel => ({
  name,
  series: name,
  flavour: 'cloud',
  suite: 'trixie',
  differs: '',
  release: `${name}.1-cloud`,
  version: `${name}.1-1`,
  steps: [sampleStep('fetch', 'passed'), sampleStep('build', 'passed'), sampleStep('boot', 'passed')],
  ...more,
});

export const sampleReport = (more: Partial<Report> = {}): Report => ({
  format: reportFormat,
  started: '2026-11-22T20:00:00.000Z',
  seconds: 61.5,
  harness: '0.1.0',
  driver: 'bundled',
  driverDirectory: null,
  driverCommit: null,
  kernelParameters: null,
  description: null,
  scenarios: null,
  qemuPath: null,
  level: null,
  qemu: '11.1.3',
  accelerator: 'tcg (no /dev/kvm)',
  jobs: 2,
  asked: { kernels: ['old', 'new'], generations: ['8.0', '7.8'], files: ['clock', 'stop'] },
  shard: null,
  cut: null,
  kernels: [
    sampleKernel('old'),
    sampleKernel('new', {
      steps: [
        sampleStep('fetch', 'passed'),
        sampleStep('build', 'failed', [`does not build on new: ${hostile}`]),
      ],
    }),
  ],
  cells: [
    sampleCell('old', 'clock', 'passed'),
    sampleCell('old', 'stop', 'failed', { reasons: [`first: ${hostile}\nsecond line`] }),
    sampleCell('old', 'stop', 'broken', { generation: '7.8', retried: ['QEMU ended'] }),
    sampleCell('old', `odd ${hostile}`, 'passed', { retried: [hostile], directory: 'old/odd #1' }),
    sampleCell('new', 'clock', 'skipped', { directory: null, reasons: ['the driver does not build on new'] }),
    sampleCell('new', 'stop', 'skipped', { directory: null, reasons: ['the driver does not build on new'] }),
  ],
  ...more,
});

const sampleEvidence: Evidence = {
  skippedBytes: 0,
  trace: [
    { seq: 0, at: 10, kind: 'bar-read', offset: 24, width: 4, value: 7 },
    { seq: 1, at: 2500, kind: 'console', line: hostile },
    { seq: 2, at: 3000, kind: 'qemu-exec' },
    { seq: 3, at: 4000, kind: 'qmp-event', event: 'MIGRATION', data: '{"status":"completed"}' },
    { seq: 4, at: 9000, kind: 'shell', command: hostile, status: 0 },
    { seq: 5, at: 10_000, kind: 'sample', us: 1_000_000_000_000_000n },
    { seq: 6, at: 11_000, kind: 'reading', what: 'drift', value: -41_025n },
    { seq: 7, at: 20_000, kind: 'sample', us: 1_000_005_000_010_000n },
    { seq: 8, at: 20_500, kind: 'check', result: 'ok', requirement: 'shows-host-time', what: 'a check' },
    { seq: 9, at: 21_000, kind: 'check', result: 'not ok', requirement: 'shows-host-time', what: hostile },
  ],
  console: [`[    0.000] ${hostile}`],
  dmesg: [hostile],
  qemu: ['-machine', 'pc'],
};

/** A page for each cell that did not pass at once, with evidence for those that failed. */
export const samplePages = (report: Report, evidence: Evidence = sampleEvidence): CellPages => {
  const idOf = sectionIds(report.cells);
  return {
    section: (cell) => {
      if (cell.directory === null || (cell.verdict === 'passed' && cell.retried.length === 0))
        return undefined;
      const row = report.cells.filter(
        ({ scenario, generation }) => scenario === cell.scenario && generation === cell.generation,
      );
      const view = { report, cell, id: idOf(cell), row, transcripts: new Map() };
      const page = `${cell.directory}/report.html`;
      return renderCellSection(
        { ...view, evidence: cell.verdict === 'failed' ? evidence : noEvidence },
        page,
      );
    },
    page: () => undefined,
    buildLog: () => [hostile],
  };
};
