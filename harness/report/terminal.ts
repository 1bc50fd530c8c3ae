// Renders a matrix report for a terminal. Its size is bounded for any number of cells and any length of
// reasons.

import { fitLines, foldLines, groupDigits } from '../base/bounded.js';
import { firstLine, shorten } from '../base/text.js';
import { verdictWord } from '../run/verdict.js';
import { countReport, renderCounts } from './counts.js';
import { explainCauses, explainSkips, explainUnmet, maxLength } from './explain-lines.js';
import { type Failure, failuresOf } from './failures.js';
import { gridsOf } from './grid.js';
import { terminalMark } from './marks.js';
import { type Report, stepNames } from './model.js';
import { columns } from './table.js';

/** Reason lines for one failure. */
const maxReasonLines = 12;

/** Failures that are shown; the other forms of the report have all of them. */
const maxFailures = 40;

const indented = (lines: readonly string[]): string[] =>
  fitLines(foldLines(lines), { maxLines: maxReasonLines, maxLength: maxLength - 2 }).map(
    (line) => `  ${line}`,
  );

const headline = ({ scenario, generation, cells }: Failure): string => {
  const kernels = cells.map(({ kernel }) => kernel).join(', ');
  return shorten(
    `${scenario} on ${kernels} (vmd ${generation}) ${verdictWord[cells[0].verdict]}:`,
    maxLength,
  );
};

const explain = (failure: Failure): string => {
  const [{ reasons, directory }] = failure.cells;
  return [
    headline(failure),
    ...indented(reasons.map((reason) => firstLine(reason))),
    ...(directory === null ? [] : [shorten(`  see ${directory}`, maxLength)]),
  ].join('\n');
};

const explainAll = (failures: readonly Failure[]): string[] => {
  const rest = failures.slice(maxFailures);
  return [
    ...failures.slice(0, maxFailures).map(explain),
    ...(rest.length === 0 ? [] : [`… ${groupDigits(rest.length)} more failures, in the report`]),
  ];
};

const explainSteps = ({ kernels }: Report): string[] =>
  kernels.flatMap(({ name, steps }) =>
    steps
      .filter(({ verdict }) => verdict !== 'passed')
      .map((step) =>
        [
          `${step.name} of ${name} ${verdictWord[step.verdict]}:`,
          ...indented(step.reasons.flatMap((reason) => reason.split('\n'))),
        ].join('\n'),
      ),
  );

/** Versions, a grid for each generation, causes and failures, and the counts. */
export const renderMatrix = (report: Report): string => {
  const head = columns([
    ['driver', report.driver],
    ['QEMU', report.qemu],
    ['accelerator', report.accelerator],
    ...(report.kernelParameters === null ? [] : [['kernel parameters', report.kernelParameters]]),
    ...report.kernels.map(({ name, release, version }) => [
      `kernel ${name}`,
      release === null ? '-' : `${release} (${version})`,
    ]),
  ]);
  const grids = gridsOf(report).map(({ generation, columns: kernels, rows }) =>
    columns([
      [`vmd ${generation}`, ...kernels.map(({ name }) => name)],
      ...stepNames.map((step) => [
        `(${step})`,
        ...kernels.map(({ steps }) => terminalMark(steps.find(({ name }) => name === step))),
      ]),
      ...rows.map(({ name, cells }) => [name, ...cells.map(terminalMark)]),
    ]),
  );
  return [
    head,
    ...grids,
    ...explainCauses(report),
    ...explainSteps(report),
    ...explainUnmet(report),
    ...explainAll(failuresOf(report.cells)),
    ...explainSkips(report),
    ...(report.cut === null ? [] : [shorten(`cut short: ${report.cut}`, maxLength)]),
    `${renderCounts(countReport(report))}, in ${report.seconds.toFixed(1)} s, ${report.jobs} in parallel`,
  ].join('\n\n');
};
