// Reads text files that somebody else made. Reading a FIFO may never end, and a device may have no end.

import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/**
 * The kind of a file that is not read; `undefined` for a regular file. Reading a directory is an error
 * anyway.
 */
const specialKind = (found: Stats): string | undefined => {
  if (found.isFIFO()) return 'a FIFO';
  if (found.isSocket()) return 'a socket';
  return found.isFile() || found.isDirectory() ? undefined : 'a device';
};

const refuse = (path: string, kind: string): never => {
  throw new Error(`${path} is ${kind}, expected a regular file`);
};

/** Rejects with the error of the system, or with an Error if `path` is no regular file. */
export const readInput = async (path: string): Promise<string> => {
  const kind = specialKind(await stat(path));
  return kind === undefined ? readFile(path, 'utf8') : refuse(path, kind);
};

/**
 * Reads a file that the command line names; it may be a FIFO, as `<(…)` of a shell makes it. Throws like
 * `readInput`.
 */
export const readNamedInput = (path: string): string => {
  const found = statSync(path);
  const kind = found.isFIFO() ? undefined : specialKind(found);
  return kind === undefined ? readFileSync(path, 'utf8') : refuse(path, kind);
};
