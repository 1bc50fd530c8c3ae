// Prints progress lines, each with the seconds since the start.

import type { Progress } from '../../images/toolroot/progress.js';
import { printable } from '../base/text.js';

/** Each call prints one line, by default to standard error, because standard output is for results. */
export const progressLines = (
  now: () => number = () => performance.now(),
  write: (text: string) => unknown = (text) => process.stderr.write(text),
): Progress => {
  const start = now();
  return (line) => {
    const seconds = ((now() - start) / 1000).toFixed(1).padStart(6);
    write(`${seconds} s  ${printable(line)}\n`);
  };
};
