// JUnit XML: a suite for each kernel and generation, in the dialect that continuous integration reads.
import { firstLine } from '../base/text.js';
import { escapeMarkup } from './escape.js';
import { gridsOf } from './grid.js';
import type { Report, ReportCell, ReportKernel, ReportStep } from './model.js';
import { reproduceLine } from './reproduce.js';

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly outcome: Pick<ReportCell | ReportStep, 'verdict' | 'reasons' | 'seconds' | 'retried'>;
  /** Said below it. */
  readonly notes: readonly string[];
}

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeMarkup(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('');

const elements = { failed: 'failure', broken: 'error', skipped: 'skipped' } as const;

const renderOutcome = ({ verdict, reasons }: Case['outcome']): string[] => {
  if (verdict === 'passed') return [];
  const message = firstLine(reasons[0]) || verdict;
  const element = elements[verdict];
  const type: Record<string, string> = verdict === 'skipped' ? {} : { type: verdict };
  return [`<${element}${attributes({ message, ...type })}>${escapeMarkup(reasons.join('\n'))}</${element}>`];
};

const renderCase = ({ suite, name, outcome, notes }: Case): string => {
  const retries = outcome.retried.map((reason) => `retried after: ${reason}`);
  const said = [...notes, ...retries];
  const body = [
    ...renderOutcome(outcome),
    ...(said.length === 0 ? [] : [`<system-out>${escapeMarkup(said.join('\n'))}</system-out>`]),
  ];
  const head = `testcase${attributes({ classname: suite, name, time: outcome.seconds })}`;
  return body.length === 0
    ? `    <${head}/>`
    : `    <${head}>\n      ${body.join('\n      ')}\n    </testcase>`;
};

const sums = (cases: readonly Case[]): Record<string, number> => {
  const count = (verdict: string): number =>
    cases.filter(({ outcome }) => outcome.verdict === verdict).length;
  return {
    tests: cases.length,
    failures: count('failed'),
    errors: count('broken'),
    skipped: count('skipped'),
    time: Math.round(cases.reduce((total, { outcome }) => total + outcome.seconds, 0) * 1000) / 1000,
  };
};

const renderSuite = (
  name: string,
  { started }: Report,
  kernel: ReportKernel,
  cases: readonly Case[],
): string => {
  const properties = { release: kernel.release ?? '', version: kernel.version ?? '', suite: kernel.suite };
  return [
    `  <testsuite${attributes({ name, timestamp: started.slice(0, 19), ...sums(cases) })}>`,
    '    <properties>',
    ...Object.entries(properties).map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
    ...cases.map(renderCase),
    '  </testsuite>',
  ].join('\n');
};

/** `failed` is a failure, `broken` an error. The steps before the scenarios are cases of their own. */
export const renderJunit = (report: Report): string => {
  const suites = report.kernels.flatMap((kernel, column) => {
    const steps = kernel.steps.map(
      (outcome): Case => ({
        suite: kernel.name,
        name: outcome.name,
        outcome,
        notes: [],
      }),
    );
    const grids = gridsOf(report).map(({ generation, rows }) => {
      const name = `${kernel.name}.${generation}`;
      const cases = rows.flatMap(({ cells }): Case[] => {
        const outcome = cells[column];
        if (outcome === undefined) return [];
        const place = outcome.directory === null ? [] : [`artifacts: ${outcome.directory}`];
        return [
          { suite: name, name: outcome.scenario, outcome, notes: [reproduceLine(report, outcome), ...place] },
        ];
      });
      return { name, kernel, cases };
    });
    return [{ name: kernel.name, kernel, cases: steps }, ...grids].filter(({ cases }) => cases.length > 0);
  });
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'vmmci', ...sums(all), time: report.seconds })}>`,
    ...suites.map(({ name, kernel, cases }) => renderSuite(name, report, kernel, cases)),
    '</testsuites>',
    '',
  ].join('\n');
};
