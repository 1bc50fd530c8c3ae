// What a requirement is, and how much it weighs.

import type { GenerationName } from '../vmmci/generations.js';

/**
 * `must`: a real host ends the VM, loses data, or the guest shows a wrong time. `should`: robustness that a careful driver has.
 * `may`: taste; it is shown as advice.
 */
export const levels = ['must', 'should', 'may'] as const;

export type Level = (typeof levels)[number];

export const isLevel = (name: string): name is Level => (levels as readonly string[]).includes(name);

export interface Requirement {
  /** What the driver does, in one sentence that its author understands. */
  readonly sentence: string;
  readonly level: Level;
  /** What happens on a real host, or to the guest's users, when it is not met. */
  readonly otherwise: string;
  /** What to do to meet it. */
  readonly remedy: string;
  /** Where the requirement comes from. */
  readonly source: string;
  /** The first vmd generation on which it matters; all when left out. */
  readonly from?: GenerationName;
  /** The last one. */
  readonly to?: GenerationName;
}

/** Whether a check of `level` that does not hold fails the scenario, when `line` is the lowest level that does. */
export const counts = (level: Level, line: Level): boolean => levels.indexOf(level) <= levels.indexOf(line);
