// Finds what the kernel complains of in the lines of its log.

import { type Pattern, splatPatterns } from './kernel-log-patterns.js';

export interface Splat {
  kind: string;
  /** The line that gave it away. */
  line: string;
  /** That line, a few before it, and the trace behind it. */
  context: readonly string[];
}

const before = 2;
const after = 40;

/** Where a trace ends, if it says so. */
const traceEnd = /---\[ end (trace|Kernel panic)|^(\[[ \d.]+\] )?={40,}$/;

const endOf = (lines: readonly string[], start: number): number => {
  const limit = Math.min(lines.length, start + after);
  // The rule that opens a report is of the same kind as the one that closes it: look a little later.
  for (let at = start + 3; at < limit; at += 1) if (traceEnd.test(lines[at] ?? '')) return at + 1;
  return limit;
};

/** Every splat in a kernel log. What another one's trace already shows is not listed again, unless it is of another kind. */
export const findSplats = (
  lines: readonly string[],
  patterns: readonly Pattern[] = splatPatterns,
): Splat[] => {
  const splats: Splat[] = [];
  let covered = 0;
  lines.forEach((line, index) => {
    const kind = patterns.find(({ pattern }) => pattern.test(line))?.kind;
    if (kind === undefined) return;
    const known = index < covered && (kind === 'stack trace' || splats.at(-1)?.kind === kind);
    if (known) return;
    const end = endOf(lines, index);
    splats.push({ kind, line, context: lines.slice(Math.max(0, index - before), end) });
    covered = Math.max(covered, end);
  });
  return splats;
};
