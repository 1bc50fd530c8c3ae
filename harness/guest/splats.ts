// Finds the problems that a kernel reports in its log.

import { type Pattern, splatPatterns } from './kernel-log-patterns.js';

export interface Splat {
  kind: string;
  /** The line that matched. */
  line: string;
  /** That line, a few lines before it, and its trace. */
  context: readonly string[];
}

const linesBefore = 2;
const linesAfter = 40;

/** The end of a trace, if it is marked. */
const traceEnd = /---\[ end (trace|Kernel panic)|^(\[[ \d.]+\] )?={40,}$/;

const endOf = (lines: readonly string[], start: number): number => {
  const limit = Math.min(lines.length, start + linesAfter);
  // A report may begin and end with the same line of "=", so the search starts three lines later.
  for (let at = start + 3; at < limit; at += 1) if (traceEnd.test(lines[at] ?? '')) return at + 1;
  return limit;
};

/** The maximum number of lines of a report of lockdep: it has a stack for each lock of a chain. */
const maxLockReport = 400;

/** The line above the title of a report of lockdep. */
const lockReportBegin = /^(?:\[[ \d.]+\] )*={10,}$/;

/** Before its own stack, a report of lockdep has those of the locks that were taken earlier. */
const lockReportEnd = (lines: readonly string[], start: number): number => {
  const after = lines.slice(start + 1, start + maxLockReport);
  const next = after.findIndex((line) => lockReportBegin.test(line));
  const report = next === -1 ? after : after.slice(0, next);
  const own = report.findIndex((line) => line.endsWith('stack backtrace:'));
  if (own === -1) return start;
  const end = report.findIndex((line, at) => at > own && /<\/(?:TASK|IRQ)>$/.test(line));
  return start + 1 + (end === -1 ? own : end) + 1;
};

/**
 * Every splat in a kernel log. A match inside the trace of another splat counts only if it is of another
 * kind, and a warning only if the splat is not its message, which the line before it has.
 */
export const findSplats = (
  lines: readonly string[],
  patterns: readonly Pattern[] = splatPatterns,
): Splat[] => {
  const splats: Splat[] = [];
  let covered = 0;
  let last = -1;
  lines.forEach((line, index) => {
    const kind = patterns.find(({ pattern }) => pattern.test(line))?.kind;
    if (kind === undefined) return;
    const known = index < covered && (kind === 'stack trace' || splats.at(-1)?.kind === kind);
    if (known || (kind === 'WARNING' && last !== -1 && last === index - 1)) return;
    const end = endOf(lines, index);
    splats.push({ kind, line, context: lines.slice(Math.max(0, index - linesBefore), end) });
    covered = Math.max(covered, end, kind === 'lockdep' ? lockReportEnd(lines, index) : 0);
    last = index;
  });
  return splats;
};

/** The part of a line that is the same each time: without times, addresses, and numbers of CPUs and tasks. */
const titleOf = ({ line }: Splat): string =>
  line
    .replace(/^(?:\[ *\d+\.\d+\] ?)+/, '')
    .replaceAll(/\b(?:0x)?[0-9a-f]{8,16}\b/g, '…')
    .replaceAll(/\b(CPU|PID)[:#] ?\d+/g, '$1')
    .replaceAll(/\/\d+(?=[/\s[]|$)/g, '');

/**
 * A frame that the unwinder is sure of, or the function that a report names: `vmmci_poll+0x1c/0x90
 * [virtio_vmmci]`.
 */
const moduleFunction = /(?<!\? )\b([\w.]+)\+0x[0-9a-f]+\/0x[0-9a-f]+ \[(\w+)(?: [0-9a-f]+)?\]/;

/**
 * The title, with the first function of a module in the report: what the driver did when the kernel
 * complained.
 */
export const describeSplat = (splat: Splat): string => {
  const title = titleOf(splat);
  for (const line of [splat.line, ...splat.context]) {
    const [, name, module] = moduleFunction.exec(line) ?? [];
    if (name !== undefined)
      return line === splat.line ? title : `${title.replace(/\.$/, '')}, in ${name} [${module}]`;
  }
  return title;
};

/** The titles of the splats in their order, without duplicates, with the number of occurrences. */
export const splatTitles = (splats: readonly Splat[]): { title: string; count: number }[] => {
  const counts = new Map<string, number>();
  for (const splat of splats) counts.set(titleOf(splat), (counts.get(titleOf(splat)) ?? 0) + 1);
  return [...counts].map(([title, count]) => ({ title, count }));
};
