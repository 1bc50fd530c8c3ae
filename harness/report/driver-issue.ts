// A report as an issue for the author of the driver: what is not met, what that does on a real host, what to change, the evidence.
import { fitParts, groupDigits } from '../base/bounded.js';
import { counted, shorten } from '../base/text.js';
import { formatEvent } from '../diagnosis/format-event.js';
import { escapeMarkdown, fence } from './escape.js';
import type { Evidence } from './evidence.js';
import { failuresOf } from './failures.js';
import { codeBlock, describeCauses, describeFailure } from './markdown.js';
import { markdownTable } from './markdown-table.js';
import type { Report, ReportCell } from './model.js';
import { reproduceLine } from './reproduce.js';
import { levelOf, placesOf, sentenceOf, type Unmet, unexplained, unmetIn } from './unmet.js';

/** GitHub takes 65,536 characters. */
const maxBytes = 60_000;

/** Of the trace, for each requirement. */
const maxEvents = 4;

const maxLength = 300;

const prose = (text: string): string => escapeMarkdown(shorten(text, maxLength));

/** Events just before the first check that says that the requirement is not met. */
const eventsFor = ({ trace }: Evidence, id: string): string[] => {
  const at = trace.findIndex(
    (event) => event.kind === 'check' && event.requirement === id && event.result !== 'ok',
  );
  if (at === -1) return [];
  const before = trace.slice(0, at).filter(({ kind }) => kind !== 'check' && kind !== 'shell');
  return before.slice(-maxEvents).map((event) => shorten(formatEvent(event), maxLength));
};

const describe = (report: Report, unmet: Unmet, evidence: Evidence): string => {
  const { id, requirement, cells, check } = unmet;
  const events = eventsFor(evidence, id);
  const about = (title: string, text: string | undefined): string[] =>
    text === undefined ? [] : [`**${title}:** ${escapeMarkdown(text)}`];
  return [
    `### ${levelOf(unmet)}: ${escapeMarkdown(sentenceOf(unmet))}`,
    ...about('On a real host', requirement?.otherwise),
    ...about('What to do', requirement?.remedy),
    ...about('Seen in', shorten(placesOf(cells), maxLength)),
    codeBlock([check, ...events.map((line) => `  ${line}`)]),
    `Run it again:\n\n${fence(reproduceLine(report, cells[0]))}`,
    ...about('Source', requirement?.source),
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
 * Markdown whose first line is the title, of at most 60 KB; empty when the driver failed nowhere. `evidenceOf` gives what is kept
 * of a cell.
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
    ['what', 'which'],
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
    ['when', prose(report.started)],
  ]);
  const sections = await Promise.all(
    unmet.map(async (one) => describe(report, one, await evidenceOf(one.cells[0]))),
  );
  const rest = failuresOf(unexplained(report.cells));
  const parts = [
    titleOf(report, unmet).replaceAll('\n', ' '),
    facts,
    ...builds.map(({ name, step }) => `### does not build on ${prose(name)}\n\n${codeBlock(step.reasons)}`),
    ...(failed.length === 0 ? [] : describeCauses(report)),
    ...sections,
    ...(rest.length === 0 ? [] : ['### Failures that belong to no single requirement']),
    ...rest.map((failure) => () => describeFailure(report, failure)),
  ];
  const more = (missing: number): string => `… and ${groupDigits(missing)} more, in the HTML report.`;
  return `${fitParts(parts, { maxBytes, separator: '\n\n', more })}\n`;
};
