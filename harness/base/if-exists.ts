// Reads a file or directory that may be missing.

import { systemCode } from './thrown.js';

/** Nothing is at a path below a file either. */
const absentCodes: readonly unknown[] = ['ENOENT', 'ENOTDIR'];

/**
 * Resolves like `reading`, or with `undefined` if the file or directory does not exist: another process may have
 * removed it. Other errors of the file system are thrown.
 */
export const ifExists = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((error: unknown) => {
    if (absentCodes.includes(systemCode(error))) return undefined;
    throw error;
  });
