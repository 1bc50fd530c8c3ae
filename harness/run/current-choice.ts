// What this process was started to use. A scenario file is loaded by the process, and has no other way to ask.
import { type Choice, defaultChoice } from './choice.js';
import { newRunDirectory } from './run-directory.js';

let current: Choice | undefined;

/** Called once, before a scenario file is loaded. */
export const setCurrentChoice = (choice: Choice): void => {
  current = choice;
};

/** The default for a scenario file that somebody runs by itself. */
export const currentChoice = (): Choice => {
  current ??= defaultChoice(newRunDirectory());
  return current;
};
