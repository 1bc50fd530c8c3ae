// Renders one cell for the HTML report: a section of the report's page, and a page with all details beside
// its artifacts.

import { fitParts, groupDigits } from '../base/bounded.js';
import { formatEvents } from '../diagnosis/format-event.js';
import { drawClocks } from './clock-plot.js';
import { compareResults, compareTranscripts, transcriptOf } from './differences.js';
import { escapeMarkup } from './escape.js';
import { type Check, checksOf, type Evidence } from './evidence.js';
import { htmlDocument } from './html-page.js';
import { addressOf, block, drawing } from './html-text.js';
import { drawLanes } from './lanes.js';
import { htmlWord } from './marks.js';
import { milestonesOf } from './milestones.js';
import type { Report, ReportCell } from './model.js';
import { reproduceLine } from './reproduce.js';

/** Beside the artifacts of a cell. */
export const cellPageFile = 'report.html';

/** Limit for the section of one cell on the report's page. */
const maxSectionBytes = 30_000;

export interface CellView {
  readonly report: Report;
  readonly cell: ReportCell;
  readonly id: string;
  /** All cells of the same scenario and generation, this cell included. */
  readonly row: readonly ReportCell[];
  readonly evidence: Evidence;
  /** Register accesses by kernel, for the kernels of the row that have a trace. */
  readonly transcripts: ReadonlyMap<string, readonly string[]>;
}

/** Start-up milestones with the time between them. */
const milestones = ({ trace }: Evidence): string => {
  const found = milestonesOf(trace);
  if (found.length === 0) return '';
  const rows = found.map(({ what, ms }, index) => {
    const since = index === 0 ? '' : ` (+${(ms - (found[index - 1]?.ms ?? 0)).toFixed(0)})`;
    return `<dt>${escapeMarkup(what)}</dt><dd>${ms.toFixed(0)} ms${since}</dd>`;
  });
  return `<h3>Start-up of the guest</h3>\n<dl>${rows.join('')}</dl>\n`;
};

const checkLine = ({ passed, text }: Check): string => `${passed ? '✓' : '✗'} ${text}`;

const differences = ({ cell, row, evidence, transcripts }: CellView): string[] => {
  const mine = transcriptOf(evidence.trace);
  const accesses =
    mine.length === 0
      ? []
      : [...transcripts]
          .filter(([kernel]) => kernel !== cell.kernel)
          .flatMap(([kernel, theirs]) => compareTranscripts(mine, { kernel, theirs }) ?? []);
  return [...compareResults(cell, row), ...accesses];
};

/** The last events before the first failed check; if none failed, the last events of the trace. */
const excerptOf = (trace: Evidence['trace'], count: number): string[] => {
  const failed = trace.findIndex((event) => event.kind === 'check' && event.result !== 'ok');
  const end = failed === -1 ? trace.length : failed + 1;
  return formatEvents(trace.slice(0, end), count);
};

const reproduce = ({ report, cell }: CellView): string[] => [
  reproduceLine(report, cell),
  ...(cell.directory === null ? [] : [`artifacts: ${cell.directory}`]),
];

const titleOf = ({ kernel, generation, scenario }: ReportCell): string =>
  `${scenario} on ${kernel}, vmd ${generation}`;

/** A section of the report's page, at most 30 KB. `page` is the path of the cell's own page. */
export const renderCellSection = (view: CellView, page: string | undefined): string => {
  const { cell, id, evidence } = view;
  const { verdict, seconds } = cell;
  const link =
    page === undefined
      ? ''
      : `<p><a href="${escapeMarkup(addressOf(page))}">All details: complete trace, timeline, console</a></p>\n`;
  // The most useful parts come first, because parts that do not fit are dropped from the end.
  const parts = [
    block('Why', cell.reasons, { maxBytes: 6000 }),
    block('Retried after', cell.retried, { maxBytes: 1500 }),
    block('Reproduce with', reproduce(view), { maxBytes: 2000 }),
    link,
    block(
      'Failed checks',
      checksOf(evidence)
        .filter(({ passed }) => !passed)
        .map(checkLine),
      { maxBytes: 2500 },
    ),
    block('Last events before the failure', excerptOf(evidence.trace, 12), { maxBytes: 2500 }),
    block('Differences from the other kernels', differences(view), { maxBytes: 2000 }),
    drawing('Timeline', drawLanes(evidence.trace, 'brief')),
    block('Kernel log', evidence.dmesg, { maxBytes: 2000, fromEnd: true }),
    drawing('Clocks', drawClocks(evidence.trace, 12)),
  ].filter((part) => part !== '');
  const head = [
    `<details id="${escapeMarkup(id)}" class="${verdict}">`,
    `<summary>${escapeMarkup(titleOf(cell))}: <span class="${verdict}">${htmlWord(verdict)}</span> <span class="note">${seconds.toFixed(1)} s</span></summary>`,
  ].join('\n');
  const end = '</details>';
  const maxBytes = maxSectionBytes - Buffer.byteLength(head) - end.length - 2;
  const more = (): string => '<p class="note">The page of this cell has more.</p>';
  return [head, fitParts(parts, { maxBytes, more }), end].join('\n');
};

/** The page of one cell, about 2 MB at most. */
export const renderCellPage = (view: CellView): string => {
  const { cell, evidence } = view;
  const { trace, skippedBytes, console, dmesg, qemu } = evidence;
  const skipped =
    skippedBytes === 0
      ? ''
      : `<p class="note">This page omits ${groupDigits(skippedBytes)} bytes from the middle of trace.jsonl.</p>`;
  return htmlDocument({
    title: `${titleOf(cell)}: ${cell.verdict}`,
    body: [
      `<h1>${escapeMarkup(titleOf(cell))}: <span class="${cell.verdict}">${htmlWord(cell.verdict)}</span></h1>`,
      block('Why', cell.reasons, { maxBytes: 100_000 }),
      block('Retried after', cell.retried, { maxBytes: 20_000 }),
      block('Reproduce with', reproduce(view), { maxBytes: 4000 }),
      block('Differences from the other kernels', differences(view), { maxBytes: 20_000 }),
      block('Checks', checksOf(evidence).map(checkLine), { maxBytes: 100_000 }),
      milestones(evidence),
      drawing('Timeline', drawLanes(trace, 'full')),
      drawing('Clocks', drawClocks(trace, 400)),
      skipped,
      block('Trace', formatEvents(trace), { maxBytes: 500_000, fromEnd: true }),
      block('Console', console, { maxBytes: 100_000, fromEnd: true }),
      block('Kernel log', dmesg, { maxBytes: 100_000, fromEnd: true }),
      block(
        'QEMU',
        [qemu.join(' ')].filter((line) => line !== ''),
        { maxBytes: 20_000 },
      ),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  });
};
