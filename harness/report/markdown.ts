// The summary that a CI run shows: kernels across, scenarios down, and what went wrong.
import { isBad } from '../run/verdict.js';
import { countReport, renderCounts } from './counts.js';
import { escapeMarkdown, fence } from './escape.js';
import { gridsOf, stepNames } from './grid.js';
import { markdownMark } from './marks.js';
import type { Report, ReportCell } from './model.js';
import { reproduceLine } from './reproduce.js';

/** What is not here is in the HTML report; hosts cut summaries that are too long. */
const most = 40;
const longestReason = 2000;

export const table = (rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
};

const cut = (text: string): string =>
  text.length <= longestReason
    ? text
    : `${text.slice(0, longestReason)}\n… ${text.length - longestReason} more characters`;

export const describeCell = (report: Report, cell: ReportCell): string =>
  [
    `**${escapeMarkdown(cell.scenario)}** on ${escapeMarkdown(cell.kernel)}, vmd ${escapeMarkdown(cell.generation)}: ${cell.verdict}`,
    fence(cut(cell.reasons.join('\n'))),
    fence(reproduceLine(report, cell)),
  ].join('\n\n');

const describeSteps = ({ kernels }: Report): string[] =>
  kernels.flatMap(({ name, steps }) =>
    steps
      .filter(({ verdict }) => verdict !== 'passed')
      .map(
        (step) =>
          `**${step.name}** of ${escapeMarkdown(name)}: ${step.verdict}\n\n${fence(cut(step.reasons.join('\n')))}`,
      ),
  );

export const renderMarkdown = (report: Report): string => {
  const kernels = table([
    ['kernel', 'release', 'package', ...stepNames],
    ...report.kernels.map(({ name, release, version, steps }) => [
      escapeMarkdown(name),
      escapeMarkdown(release ?? '–'),
      escapeMarkdown(version ?? '–'),
      ...stepNames.map((step) => {
        const found = steps.find(({ name }) => name === step);
        return found?.verdict === 'passed'
          ? `${markdownMark(found)} ${found.seconds.toFixed(1)} s`
          : markdownMark(found);
      }),
    ]),
  ]);
  const grids = gridsOf(report).map(({ generation, columns, rows }) =>
    [
      `### vmd ${escapeMarkdown(generation)}`,
      table([
        ['scenario', ...columns.map(({ name }) => escapeMarkdown(name))],
        ...rows.map(({ name, cells }) => [escapeMarkdown(name), ...cells.map(markdownMark)]),
      ]),
    ].join('\n\n'),
  );
  const bad = report.cells.filter(isBad);
  const details = bad.slice(0, most).map((cell) => describeCell(report, cell));
  if (bad.length > most) details.push(`… and ${bad.length - most} more, in the HTML report.`);
  const account = `${escapeMarkdown(report.driver)} driver, QEMU ${escapeMarkdown(report.qemu)}, ${escapeMarkdown(report.accelerator)}, ${report.seconds.toFixed(0)} s`;
  return [
    `## Kernel matrix: ${renderCounts(countReport(report))}`,
    account,
    ...(report.cut === null ? [] : [`**Cut short:** ${escapeMarkdown(report.cut)}`]),
    kernels,
    ...grids,
    ...describeSteps(report),
    ...details,
    '',
  ].join('\n\n');
};
