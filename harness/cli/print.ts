// Standard output and standard error, for people. What comes from guests, drivers and compilers cannot steer the terminal.
import { printable } from '../base/text.js';

/** Results. */
export const print = (text: string): void => void process.stdout.write(`${printable(text)}\n`);

/** What is no result: progress and errors. */
export const note = (text: string): void => void process.stderr.write(`${printable(text)}\n`);
