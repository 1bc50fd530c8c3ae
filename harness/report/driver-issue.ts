// Renders a report as an issue for the author of the driver: each unmet requirement with its effect on a real
// host, the remedy and the evidence.

import { fitParts, groupDigits } from '../base/bounded.js';
import { counted, shorten } from '../base/text.js';
import { formatEvents } from '../diagnosis/format-event.js';
import { escapeMarkdown, fence } from './escape.js';
import type { Evidence } from './evidence.js';
import { failuresOf } from './failures.js';
import { codeBlock, describeCauses, describeFailure } from './markdown.js';
import { markdownTable } from './markdown-table.js';
import type { Report, ReportCell } from './model.js';
import { nameCells } from './name-cells.js';
import { reproduceLine } from './reproduce.js';
import { levelOf, sentenceOf, type Unmet, unexplained, unmetIn } from './unmet.js';

/** The body of a GitHub issue is limited to 65,536 characters. */
const maxBytes = 60_000;

/** Trace events shown for each requirement. */
const maxEvents = 4;

const maxLength = 300;

const prose = (text: string): string => escapeMarkdown(shorten(text, maxLength));

/** The last events before the first check that failed for the requirement. */
const eventsFor = ({ trace }: Evidence, id: string): string[] => {
  const at = trace.findIndex(
    (event) => event.kind === 'check' && event.requirement === id && event.result !== 'ok',
  );
  if (at === -1) return [];
  const before = trace.slice(0, at).filter(({ kind }) => kind !== 'check' && kind !== 'shell');
  return formatEvents(before, maxEvents).map((line) => shorten(line, maxLength));
};

const describe = (report: Report, unmet: Unmet, evidence: Evidence): string => {
  const { id, requirement, cells, check } = unmet;
  const events = eventsFor(evidence, id);
  const paragraph = (title: string, text: string | undefined): string[] =>
    text === undefined ? [] : [`**${title}:** ${escapeMarkdown(text)}`];
  return [
    `### ${levelOf(unmet)}: ${escapeMarkdown(sentenceOf(unmet))}`,
    ...paragraph('On a real host', requirement?.otherwise),
    ...paragraph('What to do', requirement?.remedy),
    ...paragraph('Seen in', shorten(nameCells(cells), maxLength)),
    codeBlock([check, ...events.map((line) => `  ${line}`)]),
    `Reproduce with:\n\n${fence(reproduceLine(report, cells[0]))}`,
    ...paragraph('Source', requirement?.source),
  ].join('\n\n');
};

const titleOf = (report: Report, unmet: readonly Unmet[]): string => {
  const builds = report.kernels.filter(({ steps }) => steps.some(({ verdict }) => verdict === 'failed'));
  const parts = [
    ...(unmet.length === 0 ? [] : [`${counted(unmet.length, 'requirement')} of vmmci not met`]),
    ...(builds.length === 0 ? [] : [`does not build on ${builds.map(({ name }) => name).join(', ')}`]),
  ];
  const failed = report.cells.filter(({ verdict }) => verdict === 'failed').length;
  return `${report.driver}: ${parts.join('; ') || `${counted(failed, 'scenario')} failed`}`;
};

/**
 * Markdown of at most 60 KB; its first line is the title. Empty if the driver failed nowhere. `evidenceOf`
 * reads the artifacts of a cell.
 */
export const renderDriverIssue = async (
  report: Report,
  evidenceOf: (cell: ReportCell) => Promise<Evidence>,
): Promise<string> => {
  const builds = report.kernels.flatMap(({ name, steps }) =>
    steps.filter(({ verdict }) => verdict === 'failed').map((step) => ({ name, step })),
  );
  const failed = report.cells.filter(({ verdict }) => verdict === 'failed');
  if (builds.length === 0 && failed.length === 0) return '';
  const unmet = unmetIn(failed);
  const facts = markdownTable([
    ['component', 'version'],
    [
      'driver',
      `${prose(report.driver)}${report.driverCommit === null ? '' : `, commit ${prose(report.driverCommit)}`}`,
    ],
    ...report.kernels.map(({ name, release, version }) => [
      `kernel ${prose(name)}`,
      release === null ? '–' : `${prose(release)} (${prose(version ?? '–')})`,
    ]),
    [
      'tested with',
      `vmmci-harness ${prose(report.harness)}, QEMU ${prose(report.qemu)}, ${prose(report.accelerator)}`,
    ],
    ['started', prose(report.started)],
  ]);
  const sections = await Promise.all(
    unmet.map(async (item) => describe(report, item, await evidenceOf(item.cells[0]))),
  );
  const rest = failuresOf(unexplained(report.cells));
  const parts = [
    titleOf(report, unmet).replaceAll('\n', ' '),
    facts,
    ...builds.map(({ name, step }) => `### does not build on ${prose(name)}\n\n${codeBlock(step.reasons)}`),
    ...(failed.length === 0 ? [] : describeCauses(report)),
    ...sections,
    ...(rest.length === 0 ? [] : ['### Failures without an unmet requirement']),
    ...rest.map((failure) => () => describeFailure(report, failure)),
  ];
  const more = (missing: number): string => `… and ${groupDigits(missing)} more, in the HTML report.`;
  return `${fitParts(parts, { maxBytes, separator: '\n\n', more })}\n`;
};
