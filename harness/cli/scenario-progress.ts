// Prints a progress line for each scenario that ends, for commands that do not print its result.

import type { Progress } from '../../images/toolroot/progress.js';

/** A test at the top level of TAP is a scenario. */
const topLevel = /^((?:not )?ok) \d+ - (\S+)(?:.*(# SKIP))?/;

/** Returns a function that takes the lines of TAP. */
export const scenarioProgress = (progress: Progress): ((line: string) => void) => {
  let ended = 0;
  return (line) => {
    const [, word, scenario, skipped] = topLevel.exec(line) ?? [];
    if (scenario === undefined) return;
    ended += 1;
    const verdict = skipped !== undefined ? 'was skipped' : word === 'ok' ? 'passed' : 'did not pass';
    progress(`scenario ${ended}: ${scenario} ${verdict}`);
  };
};
