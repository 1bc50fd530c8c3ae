// The line of a syntax error in a file that cannot be imported. Node.js does not always say it.

import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { stackOf } from '../base/thrown.js';

/** The line that Node.js and the compiler of TypeScript put before a stack. */
const firstLine = /^(?:file:\/\/)?(.+):(\d+)\n/;

/** `undefined` if the error is not one of syntax, or is in another file. Lines count from 1. */
export const syntaxLine = async (file: string, error: unknown): Promise<number | undefined> => {
  if (!(error instanceof Error && error.name === 'SyntaxError')) return undefined;
  const [, path, line] = firstLine.exec(stackOf(error)) ?? [];
  if (path === file) return Number(line);
  if (!/\.m?js$/.test(file)) return undefined;
  const check = await execa(process.execPath, ['--input-type=module', '--check', '-'], {
    input: await readFile(file),
    reject: false,
  });
  const [, found] = /^\[stdin\]:(\d+)$/m.exec(check.stderr) ?? [];
  return found === undefined ? undefined : Number(found);
};
