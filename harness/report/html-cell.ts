// One cell of the HTML report: its essence on the report's page, and a page of its own beside its artifacts with the rest.
import { fitParts, groupDigits } from '../base/bounded.js';
import { formatEvent } from '../diagnosis/format-event.js';
import { drawClocks } from './clock-plot.js';
import { compareOutcomes, compareTranscripts, transcriptOf } from './differences.js';
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

/** What one cell may add to the report's page. */
const maxSectionBytes = 30_000;

export interface CellView {
  readonly report: Report;
  readonly cell: ReportCell;
  readonly id: string;
  /** Of the same scenario and generation, this one too. */
  readonly row: readonly ReportCell[];
  readonly evidence: Evidence;
  /** Of those kernels in the row that kept a trace. */
  readonly transcripts: ReadonlyMap<string, readonly string[]>;
}

/** Where the time went before the first check, and after. */
const milestones = ({ trace }: Evidence): string => {
  const found = milestonesOf(trace);
  if (found.length === 0) return '';
  const rows = found.map(({ what, ms }, index) => {
    const since = index === 0 ? '' : ` (+${(ms - (found[index - 1]?.ms ?? 0)).toFixed(0)})`;
    return `<dt>${escapeMarkup(what)}</dt><dd>${ms.toFixed(0)} ms${since}</dd>`;
  });
  return `<h3>How the guest came up</h3>\n<dl>${rows.join('')}</dl>\n`;
};

const checkLine = ({ holds, text }: Check): string => `${holds ? '✓' : '✗'} ${text}`;

const differences = ({ cell, row, evidence, transcripts }: CellView): string[] => {
  const mine = transcriptOf(evidence.trace);
  const parted =
    mine.length === 0
      ? []
      : [...transcripts]
          .filter(([kernel]) => kernel !== cell.kernel)
          .flatMap(([kernel, theirs]) => compareTranscripts(mine, { kernel, theirs }) ?? []);
  return [...compareOutcomes(cell, row), ...parted];
};

/** Events just before the first check that failed; where none did, the last ones. */
const excerptOf = (trace: Evidence['trace'], count: number): string[] => {
  const failed = trace.findIndex((event) => event.kind === 'check' && event.result !== 'ok');
  const end = failed === -1 ? trace.length : failed + 1;
  return trace.slice(Math.max(0, end - count), end).map(formatEvent);
};

const rerun = ({ report, cell }: CellView): string[] => [
  reproduceLine(report, cell),
  ...(cell.directory === null ? [] : [`artifacts: ${cell.directory}`]),
];

const titleOf = ({ kernel, generation, scenario }: ReportCell): string =>
  `${scenario} on ${kernel}, vmd ${generation}`;

/** A part of the report's page, at most 30 KB whatever happened in the cell. `page`: the address of the cell's own page. */
export const renderCellSection = (view: CellView, page: string | undefined): string => {
  const { cell, id, evidence } = view;
  const { verdict, seconds } = cell;
  const link =
    page === undefined
      ? ''
      : `<p><a href="${escapeMarkup(addressOf(page))}">All that is known of it: whole trace, timeline, console</a></p>\n`;
  // In the order of their worth: what does not fit is left out from the end.
  const parts = [
    block('Why', cell.reasons, { maxBytes: 6000 }),
    block('Retried after', cell.retried, { maxBytes: 1500 }),
    block('Run it again', rerun(view), { maxBytes: 2000 }),
    link,
    block(
      'Failed checks',
      checksOf(evidence)
        .filter(({ holds }) => !holds)
        .map(checkLine),
      { maxBytes: 2500 },
    ),
    block('Last events before the failure', excerptOf(evidence.trace, 12), { maxBytes: 2500 }),
    block('What differs from the other kernels', differences(view), { maxBytes: 2000 }),
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
  const more = (): string => '<p class="note">More is on the page of this cell.</p>';
  return [head, fitParts(parts, { maxBytes, more }), end].join('\n');
};

/** A page of its own: at most some 2 MB. */
export const renderCellPage = (view: CellView): string => {
  const { cell, evidence } = view;
  const { trace, skippedBytes, console, dmesg, qemu } = evidence;
  const skipped =
    skippedBytes === 0
      ? ''
      : `<p class="note">Of trace.jsonl, ${groupDigits(skippedBytes)} bytes in the middle are left out here.</p>`;
  return htmlDocument({
    title: `${titleOf(cell)}: ${cell.verdict}`,
    body: [
      `<h1>${escapeMarkup(titleOf(cell))}: <span class="${cell.verdict}">${htmlWord(cell.verdict)}</span></h1>`,
      block('Why', cell.reasons, { maxBytes: 100_000 }),
      block('Retried after', cell.retried, { maxBytes: 20_000 }),
      block('Run it again', rerun(view), { maxBytes: 4000 }),
      block('What differs from the other kernels', differences(view), { maxBytes: 20_000 }),
      block('Checks', checksOf(evidence).map(checkLine), { maxBytes: 100_000 }),
      milestones(evidence),
      drawing('Timeline', drawLanes(trace, 'full')),
      drawing('Clocks', drawClocks(trace, 400)),
      skipped,
      block('Trace', trace.map(formatEvent), { maxBytes: 500_000, fromEnd: true }),
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
