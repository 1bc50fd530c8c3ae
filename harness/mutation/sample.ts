// Draws a sample of mutants: the same seed draws the same ones.

import { seededRandom } from '../base/random.js';
import type { Mutant } from './mutants.js';

/**
 * Draws `count` mutants in an order in which each beginning is a fair sample, too: all files in proportion to
 * their mutants, and in each file all operators in turn.
 */
export const drawSample = (mutants: readonly Mutant[], seed: number, count: number): Mutant[] => {
  const random = seededRandom(seed);
  const shuffled = mutants
    .map((mutant) => ({ mutant, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ mutant }) => mutant);
  const seen = new Map<string, number>();
  const next = (key: string): number => {
    const rank = seen.get(key) ?? 0;
    seen.set(key, rank + 1);
    return rank;
  };
  // Within a file, the first of each operator comes before the second of any.
  const turns = shuffled
    .map((mutant) => ({ mutant, turn: next(`${mutant.file} ${mutant.operator}`) }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ mutant }) => mutant);
  const sizes = new Map<string, number>();
  for (const { file } of mutants) sizes.set(file, (sizes.get(file) ?? 0) + 1);
  return turns
    .map((mutant) => ({ mutant, at: (next(mutant.file) + 0.5) / (sizes.get(mutant.file) ?? 1) }))
    .sort((a, b) => a.at - b.at)
    .slice(0, count)
    .map(({ mutant }) => mutant);
};
