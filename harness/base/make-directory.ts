// Creates a directory and its parents.

import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemCode } from './thrown.js';

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/**
 * Creates the directory and all parents that are missing. Returns the first that was created; `undefined` if
 * the directory exists. Throws the error of the system. `mkdirSync` with `recursive` never returns where a
 * file system refuses new entries with ENOENT, as /proc does (seen with Node 20, 22 and 24).
 */
export const makeDirectory = (path: string, mode = 0o777): string | undefined => {
  const missing: string[] = [];
  for (let at = resolve(path); statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at))
    missing.unshift(at);
  // An existing file is an error, too.
  if (missing.length === 0 && !isDirectory(path)) mkdirSync(path);
  for (const directory of missing)
    try {
      mkdirSync(directory, { mode });
    } catch (error) {
      // Another process may have created it meanwhile.
      if (systemCode(error) !== 'EEXIST' || !isDirectory(directory)) throw error;
    }
  return missing[0];
};
