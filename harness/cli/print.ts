// Prints text for people. Control characters are escaped, because the text may come from a guest, driver or
// compiler.

import { printable } from '../base/text.js';

/** Prints results to standard output. */
export const print = (text: string): void => void process.stdout.write(`${printable(text)}\n`);

/** Prints progress and errors to standard error. */
export const note = (text: string): void => void process.stderr.write(`${printable(text)}\n`);
