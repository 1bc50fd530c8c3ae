// The choice of this process. A scenario file is only imported, so it cannot get the choice as an argument.

import { type Choice, defaultChoice } from './choice.js';
import { newRunDirectory } from './run-directory.js';

let current: Choice | undefined;

/** Call it once, before any scenario file is imported. */
export const setCurrentChoice = (choice: Choice): void => {
  current = choice;
};

/** Returns the default choice if a scenario file is run directly. */
export const currentChoice = (): Choice => {
  current ??= defaultChoice(newRunDirectory());
  return current;
};
