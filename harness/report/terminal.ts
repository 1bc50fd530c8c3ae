// A matrix report for a terminal.
import { firstLine } from '../base/text.js';
import { isBad, verdictWord } from '../run/verdict.js';
import { countReport, renderCounts } from './counts.js';
import { gridsOf, stepNames } from './grid.js';
import { terminalMark } from './marks.js';
import type { Report, ReportCell } from './model.js';
import { columns } from './table.js';

/** The reason's first line, and where more is. */
const explain = ({ kernel, generation, scenario, verdict, reasons, directory }: ReportCell): string =>
  [
    `${scenario} on ${kernel} (${generation}) ${verdictWord[verdict]}:`,
    ...reasons.map((reason) => `  ${firstLine(reason)}`),
    ...(directory === null ? [] : [`  see ${directory}`]),
  ].join('\n');

/** Versions, a grid a generation, what went wrong, the reasons of skips once each, and the sums. */
export const renderMatrix = (report: Report): string => {
  const head = columns([
    ['driver', report.driver],
    ['QEMU', report.qemu],
    ['accelerator', report.accelerator],
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
  const steps = report.kernels.flatMap(({ name, steps }) =>
    steps
      .filter((step) => step.verdict !== 'passed')
      .map((step) => `${step.name} of ${name} ${verdictWord[step.verdict]}: ${step.reasons.join('; ')}`),
  );
  const skips = new Map<string, number>();
  for (const { verdict, reasons } of report.cells) {
    if (verdict !== 'skipped') continue;
    const reason = reasons.join('; ');
    skips.set(reason, (skips.get(reason) ?? 0) + 1);
  }
  const skipped = [...skips].map(([reason, count]) => `${count} skipped: ${reason}`);
  return [
    head,
    ...grids,
    ...steps,
    ...report.cells.filter(isBad).map(explain),
    ...(skipped.length > 0 ? [skipped.join('\n')] : []),
    ...(report.cut === null ? [] : [`cut short: ${report.cut}`]),
    `${renderCounts(countReport(report))}, in ${report.seconds.toFixed(1)} s, ${report.jobs} at once`,
  ].join('\n\n');
};
