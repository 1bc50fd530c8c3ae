// The difference between two lists of lines.
import type { Phase } from './transcript.js';

export interface Line {
  /** `-`: only in the first list; `+`: only in the second; a space: in both. */
  readonly mark: '-' | '+' | ' ';
  readonly text: string;
}

/** The shortest edit that makes `right` of `left`, deletions first. Quadratic: for lists of some hundred lines. */
export const diffLines = (left: readonly string[], right: readonly string[]): Line[] => {
  const width = right.length + 1;
  const common = new Uint32Array((left.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      common[row * width + column] =
        left[row] === right[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < left.length || column < right.length) {
    const [mine, yours] = [left[row], right[column]];
    if (mine !== undefined && mine === yours) {
      lines.push({ mark: ' ', text: mine });
      row += 1;
      column += 1;
    } else if (mine !== undefined && (yours === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push({ mark: '-', text: mine });
      row += 1;
    } else {
      lines.push({ mark: '+', text: yours ?? '' });
      column += 1;
    }
  }
  return lines;
};

/** Phases in the order of the first list, then those that only the second has. */
const names = (left: readonly Phase[], right: readonly Phase[]): string[] => [
  ...new Set([...left, ...right].map(({ name }) => name)),
];

export interface PhaseDiff {
  readonly name: string;
  /** Whether both have the same accesses. */
  readonly same: boolean;
  readonly lines: readonly Line[];
}

/** Each phase by itself: `stored` on the left, `seen` on the right. */
export const diffTranscripts = (stored: readonly Phase[], seen: readonly Phase[]): PhaseDiff[] =>
  names(stored, seen).map((name) => {
    const of = (phases: readonly Phase[]) => phases.find((phase) => phase.name === name)?.accesses ?? [];
    const lines = diffLines(of(stored), of(seen));
    return { name, same: lines.every(({ mark }) => mark === ' '), lines };
  });

/** As `diff -u` shows it, without the hunk's numbers. */
export const renderDiff = ({ name, lines }: PhaseDiff): string =>
  [name, ...lines.map(({ mark, text }) => `${mark} ${text}`)].join('\n');
