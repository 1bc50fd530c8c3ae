// Cells that did not run, named as those that did: a file may hold several scenarios, and only a run shows
// which.

import type { ReportCell } from '../report/model.js';
import type { Cell } from './plan.js';

/** A cell that did not run, or not to its end. */
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

/** Of what a process printed, what may tell why it ended. */
export const lastLines = (text: string, count = 8): string =>
  text.trim().split('\n').slice(-count).join('\n');

/**
 * Each cell that stands for a whole file becomes one for each scenario that the file has been seen to hold.
 */
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
