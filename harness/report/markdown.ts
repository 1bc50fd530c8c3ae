// Renders the job summary of a CI run: the grid of kernels and scenarios, causes and failures. CI hosts
// refuse more than 1 MiB.

import { fitLines, fitParts, foldLines, groupDigits, moreLines } from '../base/bounded.js';
import { shorten } from '../base/text.js';
import { countReport, renderCounts } from './counts.js';
import { escapeMarkdown, fence } from './escape.js';
import { explainedHeadline, explainReport } from './explained.js';
import { type Failure, failuresOf } from './failures.js';
import { gridsOf } from './grid.js';
import { markdownTable } from './markdown-table.js';
import { markdownMark } from './marks.js';
import { type Report, stepNames } from './model.js';
import { maxNamedScenarios, nameCells } from './name-cells.js';
import { reproduceLine } from './reproduce.js';
import { levelOf, sentenceOf, unmetHeadline, unmetIn } from './unmet.js';

/** UTF-8 bytes: 1 MiB, less a reserve for what the workflow itself adds. */
const maxBytes = 1_000_000;

/** Limits for text from guests, drivers and compilers. */
const maxLines = 20;
const maxLength = 300;
const maxBlockBytes = 3000;

/** Reasons as a code block, with repetitions folded and long text cut. */
export const codeBlock = (reasons: readonly string[]): string => {
  const lines = foldLines(reasons.flatMap((reason) => reason.split('\n')));
  const shown = fitLines(lines, { maxLines, maxLength });
  return fence(fitParts(shown, { maxBytes: maxBlockBytes, more: moreLines }));
};

const prose = (text: string): string => escapeMarkdown(shorten(text, maxLength));

/** A failure with the command that reproduces it on the first of its kernels. */
export const describeFailure = (report: Report, { scenario, generation, cells }: Failure): string => {
  const [first] = cells;
  const kernels = cells.map(({ kernel }) => kernel).join(', ');
  return [
    `**${prose(scenario)}** on ${prose(kernels)}, vmd ${prose(generation)}: ${first.verdict}`,
    codeBlock(first.reasons),
    fence(reproduceLine(report, first)),
  ].join('\n\n');
};

const describeSteps = ({ kernels }: Report): string[] =>
  kernels.flatMap(({ name, steps }) =>
    steps
      .filter(({ verdict }) => verdict !== 'passed')
      .map((step) => `**${step.name}** of ${prose(name)}: ${step.verdict}\n\n${codeBlock(step.reasons)}`),
  );

const kernelTable = ({ kernels }: Report): string =>
  markdownTable([
    ['kernel', 'release', 'package', ...stepNames],
    ...kernels.map(({ name, release, version, steps }) => [
      prose(name),
      prose(release ?? '–'),
      prose(version ?? '–'),
      ...stepNames.map((step) => {
        const found = steps.find(({ name }) => name === step);
        return found?.verdict === 'passed'
          ? `${markdownMark(found)} ${found.seconds.toFixed(1)} s`
          : markdownMark(found);
      }),
    ]),
  ]);

/** Unmet requirements, the most severe level first. */
const unmetTable = ({ cells }: Report): string[] => {
  const headline = unmetHeadline(cells);
  if (headline === undefined) return [];
  const rows = unmetIn(cells).map((unmet) => [
    levelOf(unmet),
    prose(sentenceOf(unmet)),
    prose(unmet.requirement?.remedy ?? ''),
    prose(nameCells(unmet.cells)),
  ]);
  return [`**${headline}**`, markdownTable([['level', 'requirement', 'what to do', 'seen in'], ...rows])];
};

/** Causes that are shown; the most frequent come first. */
const maxCauses = 40;

/** Known causes, before the failures that follow from them. */
export const describeCauses = (report: Report): string[] => {
  const explained = explainReport(report);
  const title = explainedHeadline(explained);
  if (title === undefined) return [];
  const known = explained.explanations
    .slice(0, maxCauses)
    .map(({ sentence, change, requirement, hosts, evidence, cells }) =>
      [
        `**${prose(sentence)}** ${prose(change)}${hosts === undefined ? '' : ` Matters on ${prose(hosts)}.`}`,
        `Breaks ${prose(requirement)}`,
        fence(evidence.join('\n')),
        `Explains ${prose(nameCells(cells, maxNamedScenarios))}.`,
      ].join('\n\n'),
    );
  const rest =
    explained.unexplained.length === 0
      ? []
      : [`No known cause for ${prose(nameCells(explained.unexplained, maxNamedScenarios))}.`];
  return [`### ${title[0]?.toUpperCase()}${title.slice(1)}`, ...known, ...rest];
};

/** At most 1 MB; the last line counts the failures that were left out. */
export const renderMarkdown = (report: Report): string => {
  const grids = gridsOf(report).map(({ generation, columns, rows }) =>
    [
      `### vmd ${prose(generation)}`,
      markdownTable([
        ['scenario', ...columns.map(({ name }) => prose(name))],
        ...rows.map(({ name, cells }) => [prose(name), ...cells.map(markdownMark)]),
      ]),
    ].join('\n\n'),
  );
  const summary = `${prose(report.driver)} driver, QEMU ${prose(report.qemu)}, ${prose(report.accelerator)}, ${report.seconds.toFixed(0)} s`;
  const parts = [
    `## Kernel matrix: ${renderCounts(countReport(report))}`,
    summary,
    ...describeCauses(report),
    ...(report.cut === null ? [] : [`**Cut short:** ${prose(report.cut)}`]),
    ...unmetTable(report),
    kernelTable(report),
    ...grids,
    ...describeSteps(report),
    ...failuresOf(report.cells).map((failure) => () => describeFailure(report, failure)),
  ];
  const more = (missing: number): string => `… and ${groupDigits(missing)} more, in the HTML report.`;
  return `${fitParts(parts, { maxBytes, separator: '\n\n', more })}\n`;
};
