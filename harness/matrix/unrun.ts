// Report cells for files that did not run. They get the names of the scenarios in the file where another cell
// has shown these.

import type { ReportCell } from '../report/model.js';
import type { Cell } from './plan.js';

/** A skipped cell, with the reason. */
export const unrunCell = ({ kernel, generation, file }: Cell, reason: string): ReportCell => ({
  kernel: kernel.name,
  generation,
  file,
  scenario: file,
  verdict: 'skipped',
  reasons: [reason],
  seconds: 0,
  nodeMiB: 0,
  unmet: [],
  directory: null,
  retried: [],
  causes: [],
});

/** The last lines of the output of a process, which may say why it ended. */
export const lastLines = (text: string, count = 8): string =>
  text.trim().split('\n').slice(-count).join('\n');

/** Replaces each skipped cell by one for each scenario that another cell of the same file has run. */
export const expandUnrun = (cells: readonly ReportCell[]): ReportCell[] => {
  const known = new Map<string, Set<string>>();
  for (const { file, scenario, directory } of cells) {
    if (directory === null) continue;
    known.set(file, (known.get(file) ?? new Set()).add(scenario));
  }
  return cells.flatMap((cell) => {
    const names = known.get(cell.file);
    return cell.directory !== null || cell.verdict !== 'skipped' || names === undefined
      ? [cell]
      : [...names].map((scenario) => ({ ...cell, scenario }));
  });
};
