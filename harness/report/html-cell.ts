// One cell of the HTML report: verdict, what failed, timeline, logs, and how the other kernels did.
import { formatEvent } from '../diagnosis/format-event.js';
import { compareOutcomes, compareTranscripts, transcriptOf } from './differences.js';
import { drawDrift } from './drift-plot.js';
import { escapeMarkup } from './escape.js';
import type { Check, Evidence } from './evidence.js';
import { drawLanes } from './lanes.js';
import { htmlWord } from './marks.js';
import { milestonesOf } from './milestones.js';
import type { Report, ReportCell } from './model.js';
import { reproduceLine } from './reproduce.js';

/** How many lines of each the page shows; the files have all. */
const most = { timeline: 1500, console: 120, dmesg: 120, checks: 400 } as const;

export interface CellView {
  readonly report: Report;
  readonly cell: ReportCell;
  readonly id: string;
  /** Of the same scenario and generation, this one too. */
  readonly row: readonly ReportCell[];
  readonly evidence: Evidence;
  /** Of those kernels in the row that kept a trace. */
  readonly traces: readonly { readonly kernel: string; readonly transcript: readonly string[] }[];
}

export const block = (title: string, lines: readonly string[], limit = Number.POSITIVE_INFINITY): string => {
  if (lines.length === 0) return '';
  const shown = lines.slice(-limit);
  const cut = lines.length - shown.length;
  const note =
    cut === 0 ? '' : ` <span class="note">the last ${shown.length} of ${lines.length} lines</span>`;
  return `<h3>${escapeMarkup(title)}${note}</h3>\n<pre>${escapeMarkup(shown.join('\n'))}</pre>\n`;
};

const drawing = (title: string, svg: string): string => (svg === '' ? '' : `<h3>${title}</h3>\n${svg}\n`);

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

const checkLine = ({ ok, text }: Check): string => `${ok ? '✓' : '✗'} ${text}`;

const differences = ({ cell, row, evidence, traces }: CellView): string[] => {
  const mine = transcriptOf(evidence.trace);
  const parted =
    mine.length === 0
      ? []
      : traces
          .filter(({ kernel }) => kernel !== cell.kernel)
          .flatMap(
            ({ kernel, transcript }) => compareTranscripts(mine, { kernel, theirs: transcript }) ?? [],
          );
  return [...compareOutcomes(cell, row), ...parted];
};

export const renderCell = (view: CellView): string => {
  const { report, cell, id, evidence } = view;
  const { kernel, generation, scenario, verdict, seconds } = cell;
  const title = `${escapeMarkup(scenario)} on ${escapeMarkup(kernel)}, vmd ${escapeMarkup(generation)}`;
  const kept = cell.directory === null ? [] : [`artifacts: ${cell.directory}`];
  return [
    `<details id="${escapeMarkup(id)}" class="${verdict}">`,
    `<summary>${title}: <span class="${verdict}">${htmlWord(verdict)}</span> <span class="note">${seconds.toFixed(1)} s</span></summary>`,
    block('Why', cell.reasons),
    block('Retried after', cell.retried),
    block('What differs from the other kernels', differences(view)),
    block('Checks', evidence.checks.map(checkLine), most.checks),
    milestones(evidence),
    drawing('Timeline', drawLanes(evidence.trace)),
    drawing('Clocks', drawDrift(evidence.trace)),
    block('Trace', evidence.trace.map(formatEvent), most.timeline),
    block('Console', evidence.console, most.console),
    block('Kernel log', evidence.dmesg, most.dmesg),
    block('Run it again', [reproduceLine(report, cell), ...kept]),
    '</details>',
  ]
    .filter((part) => part !== '')
    .join('\n');
};
