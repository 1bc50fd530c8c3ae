// The type of a requirement, and its levels.

import type { GenerationName } from '../vmmci/generations.js';

/**
 * `must`: a real host ends the VM, data is lost, or the guest shows a wrong time. `should`: robustness of a
 * careful driver. `may`: a matter of taste, shown as advice.
 */
export const levels = ['must', 'should', 'may'] as const;

export type Level = (typeof levels)[number];

export const isLevel = (name: string): name is Level => (levels as readonly string[]).includes(name);

export interface Requirement {
  /** What the driver has to do, in one sentence for its author. */
  readonly sentence: string;
  readonly level: Level;
  /** The consequence on a real host, or for the guest's users, if the requirement is not met. */
  readonly otherwise: string;
  /** How to meet the requirement. */
  readonly remedy: string;
  /** The source of the requirement. */
  readonly source: string;
  /** The first vmd generation on which it matters; default: the first of all. */
  readonly from?: GenerationName;
  /** The last vmd generation on which it matters; default: the last of all. */
  readonly to?: GenerationName;
}

/** True if a failed check of `level` fails the scenario; `line` is the lowest level that does. */
export const counts = (level: Level, line: Level): boolean => levels.indexOf(level) <= levels.indexOf(line);
