// The coverage page: the driver's sources, with the lines and outcomes that no scenario reached.

import type { BranchCoverage, FileCoverage, LineCoverage } from '../coverage/lines.js';
import { percent, shareOf } from '../coverage/lines.js';
import type { UnreachedLine } from '../coverage/unreached.js';
import { escapeMarkup as e } from './escape.js';
import { htmlDocument } from './html-page.js';

/** A line names at most this many scenarios. */
const maxNames = 6;

interface CoveragePage {
  readonly driver: string;
  readonly kernel: string;
  readonly files: readonly FileCoverage[];
  readonly sources: ReadonlyMap<string, string>;
  readonly unreached: readonly UnreachedLine[];
}

const names = (scenarios: readonly string[]): string =>
  scenarios.length <= maxNames
    ? scenarios.join(', ')
    : `${scenarios.slice(0, maxNames).join(', ')} and ${scenarios.length - maxNames} more`;

const missing = (branches: readonly BranchCoverage[]): string =>
  branches
    .filter(({ scenarios }) => scenarios.length === 0)
    .map(({ outcome }) => `never ${outcome}`)
    .join(', ');

const sourceRow = (
  text: string,
  number: number,
  line: LineCoverage | undefined,
  branches: readonly BranchCoverage[],
  reason: string | undefined,
): string => {
  const verdict = line === undefined ? '' : line.scenarios.length > 0 ? 'passed' : 'failed';
  const mark = { '': '', passed: '✓', failed: '✗' }[verdict];
  const lacks = missing(branches);
  const note = verdict === 'failed' ? (reason ?? 'not reached') : lacks;
  const count = line === undefined ? '' : String(line.scenarios.length);
  return (
    `<tr><td>${number}</td><td class="${verdict}" title="${e(names(line?.scenarios ?? []))}">${mark} ${count}</td>` +
    `<td><code style="white-space: pre; tab-size: 8">${e(text)}</code></td><td class="${lacks === '' ? '' : 'broken'}">${e(note)}</td></tr>`
  );
};

const section = ({ file, lines, branches }: FileCoverage, page: CoveragePage): string => {
  const byLine = new Map(lines.map((line) => [line.line, line]));
  const texts = (page.sources.get(file) ?? '').split('\n');
  const rows = texts.map((text, index) =>
    sourceRow(
      text,
      index + 1,
      byLine.get(index + 1),
      branches.filter(({ line }) => line === index + 1),
      page.unreached.find((line) => line.file === file && line.line === index + 1)?.reason,
    ),
  );
  return (
    `<details><summary>${e(file)} <span>${percent(shareOf(lines))} of lines</span> ` +
    `<span>${percent(shareOf(branches))} of outcomes</span></summary><div class="scroll"><table>` +
    `<thead><tr><th>line</th><th>scenarios</th><th>source</th><th>note</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div></details>`
  );
};

const byScenario = (files: readonly FileCoverage[]): string => {
  const counts = new Map<string, { lines: number; alone: number }>();
  const lines = files.flatMap((file) => file.lines);
  for (const { scenarios } of lines)
    for (const scenario of scenarios) {
      const count = counts.get(scenario) ?? { lines: 0, alone: 0 };
      counts.set(scenario, {
        lines: count.lines + 1,
        alone: count.alone + (scenarios.length === 1 ? 1 : 0),
      });
    }
  const rows = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([scenario, { lines: reached, alone }]) => {
      const share = percent({ reached, total: lines.length });
      return `<tr><th>${e(scenario)}</th><td>${reached}</td><td>${share}</td><td>${alone}</td></tr>`;
    });
  return `<div class="scroll"><table><thead><tr><th>scenario</th><th>lines</th><th>of all</th><th>lines that no other reaches</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
};

/** One self-contained page. */
export const coveragePage = (page: CoveragePage): string => {
  const lines = shareOf(page.files.flatMap((file) => file.lines));
  const branches = shareOf(page.files.flatMap((file) => file.branches));
  const title = `Coverage of ${page.driver}: ${percent(lines)} of ${lines.total} lines`;
  return htmlDocument({
    title,
    body: [
      `<h1>${e(title)}</h1>`,
      `<p>${percent(branches)} of ${branches.total} outcomes of conditions · kernel ${e(page.kernel)}</p>`,
      '<h2>Sources</h2>',
      ...page.files.map((file) => section(file, page)),
      '<h2>Scenarios</h2>',
      byScenario(page.files),
    ].join('\n'),
  });
};
