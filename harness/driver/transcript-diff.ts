// Compares two transcripts.

import { diffArrays } from 'diff';
import type { Phase } from './transcript.js';

export interface Line {
  /** `-`: only in the first list. `+`: only in the second. Space: in both. */
  readonly mark: '-' | '+' | ' ';
  readonly text: string;
}

/** The shortest edit from `left` to `right`, deletions first. */
export const diffLines = (left: readonly string[], right: readonly string[]): Line[] =>
  diffArrays([...left], [...right]).flatMap(({ value, added, removed }) =>
    value.map((text): Line => ({ mark: added ? '+' : removed ? '-' : ' ', text })),
  );

/** The names of the phases in the order of the first list, then of those that only the second has. */
const names = (left: readonly Phase[], right: readonly Phase[]): string[] => [
  ...new Set([...left, ...right].map(({ name }) => name)),
];

export interface PhaseDiff {
  readonly name: string;
  /** True if both have the same accesses. */
  readonly same: boolean;
  readonly lines: readonly Line[];
}

/** Compares each phase: `stored` on the left, `seen` on the right. */
export const diffTranscripts = (stored: readonly Phase[], seen: readonly Phase[]): PhaseDiff[] =>
  names(stored, seen).map((name) => {
    const of = (phases: readonly Phase[]) => phases.find((phase) => phase.name === name)?.accesses ?? [];
    const lines = diffLines(of(stored), of(seen));
    return { name, same: lines.every(({ mark }) => mark === ' '), lines };
  });

/** Formats a difference as `diff -u` does, without line numbers. */
export const renderDiff = ({ name, lines }: PhaseDiff): string =>
  [name, ...lines.map(({ mark, text }) => `${mark} ${text}`)].join('\n');
