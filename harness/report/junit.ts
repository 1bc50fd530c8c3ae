// Renders a report as JUnit XML for CI systems: one suite for each kernel and generation.

import { fitParts, foldLines, moreLines } from '../base/bounded.js';
import { firstLine, shorten } from '../base/text.js';
import { escapeMarkup } from './escape.js';
import { causeLines } from './explained.js';
import { gridsOf } from './grid.js';
import type { Judged } from './marks.js';
import type { Report, ReportKernel } from './model.js';
import { reproduceLine } from './reproduce.js';

interface Case {
  /** `6_12-cloud.vmd_8_0` */
  readonly className: string;
  readonly name: string;
  readonly judged: Judged & { readonly reasons: readonly string[] };
  /** Known causes of the failure, before its reasons. */
  readonly causes: readonly string[];
  /** Written to the standard output of the case. */
  readonly notes: readonly string[];
}

/** Limit for a case that did not pass, with its message and notes: CI systems show all of it. */
const maxCaseBytes = 4096;
const maxMessageLength = 160;
/** Of four causes: the reasons must have room, too. */
const maxCauseLines = 12;
const maxNoteLength = 500;

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeMarkup(String(value)).replaceAll('\n', '&#10;')}"`)
    .join('');

/** CI systems split a class name at its last dot into package and class, so other dots are replaced. */
const classNameOf = (kernel: string, part: string): string =>
  [kernel, part].map((name) => name.replaceAll('.', '_')).join('.');

const elements = { failed: 'failure', broken: 'error', skipped: 'skipped' } as const;

/** Lines as escaped text of at most `maxBytes`. */
const bodyOf = (texts: readonly string[], maxBytes: number): string => {
  const lines = foldLines(texts.flatMap((text) => text.split('\n')));
  return fitParts(
    lines.map((line) => () => escapeMarkup(shorten(line, maxNoteLength))),
    { maxBytes, more: (missing) => `${moreLines(missing)}, in the HTML report` },
  );
};

const renderVerdict = ({ judged: { verdict, reasons }, causes }: Case, maxBytes: number): string[] => {
  if (verdict === 'passed') return [];
  const message = shorten(firstLine(reasons[0]) || verdict, maxMessageLength);
  const element = elements[verdict];
  const type: Record<string, string> = verdict === 'skipped' ? {} : { type: verdict };
  const head = `<${element}${attributes({ message, ...type })}>`;
  const end = `</${element}>`;
  return [`${head}${bodyOf([...causes, ...reasons], maxBytes - Buffer.byteLength(head) - end.length)}${end}`];
};

const renderCase = (each: Case): string => {
  const { className, name, judged, notes } = each;
  const head = `testcase${attributes({ classname: className, name: shorten(name, maxMessageLength), time: judged.seconds })}`;
  const lines = [...notes, ...judged.retried.map((reason) => `retried after: ${reason}`)];
  const output = lines.length === 0 ? [] : [`<system-out>${bodyOf(lines, maxCaseBytes / 3)}</system-out>`];
  const frame = Buffer.byteLength(`    <${head}>\n\n${output.join('')}\n    </testcase>`) + 50;
  const body = [...renderVerdict(each, maxCaseBytes - frame), ...output];
  return body.length === 0
    ? `    <${head}/>`
    : `    <${head}>\n      ${body.join('\n      ')}\n    </testcase>`;
};

const sums = (cases: readonly Case[]): Record<string, number> => {
  const count = (verdict: string): number => cases.filter(({ judged }) => judged.verdict === verdict).length;
  return {
    tests: cases.length,
    failures: count('failed'),
    errors: count('broken'),
    skipped: count('skipped'),
    time: Math.round(cases.reduce((total, { judged }) => total + judged.seconds, 0) * 1000) / 1000,
  };
};

interface Suite {
  readonly name: string;
  readonly kernel: ReportKernel;
  readonly cases: readonly Case[];
}

const renderSuite = ({ name, kernel, cases }: Suite, { started }: Report): string => {
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

const suitesOf = (report: Report): Suite[] => {
  const generations = gridsOf(report);
  return report.kernels.flatMap((kernel, column) => {
    const steps = kernel.steps.map(
      (judged): Case => ({
        className: classNameOf(kernel.name, 'steps'),
        name: judged.name,
        judged,
        causes: [],
        notes: [],
      }),
    );
    const grids = generations.map(({ generation, rows }): Suite => {
      const className = classNameOf(kernel.name, `vmd_${generation}`);
      const cases = rows.flatMap(({ cells }): Case[] => {
        const judged = cells[column];
        if (judged === undefined) return [];
        const artifacts = judged.directory === null ? [] : [`artifacts: ${judged.directory}`];
        const notes = [reproduceLine(report, judged), ...artifacts];
        return [
          {
            className,
            name: judged.scenario,
            judged,
            causes: causeLines(judged).slice(0, maxCauseLines),
            notes,
          },
        ];
      });
      return { name: `${kernel.name}, vmd ${generation}`, kernel, cases };
    });
    return [{ name: `${kernel.name}, steps`, kernel, cases: steps }, ...grids].filter(
      ({ cases }) => cases.length > 0,
    );
  });
};

/** `failed` becomes `<failure>`, `broken` becomes `<error>`. Each step before the scenarios is a case. */
export const renderJunit = (report: Report): string => {
  const suites = suitesOf(report);
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'vmmci', ...sums(all), time: report.seconds })}>`,
    ...suites.map((suite) => renderSuite(suite, report)),
    '</testsuites>',
    '',
  ].join('\n');
};
