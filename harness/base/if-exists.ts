// Reads a file or directory that may be missing.

import { readdir, readlink } from 'node:fs/promises';
import { systemCode } from './thrown.js';

/** Nothing is at a path below a file either. */
const absentCodes: readonly unknown[] = ['ENOENT', 'ENOTDIR'];

/** True for the error that a file or directory does not exist. */
export const isAbsent = (error: unknown): boolean => absentCodes.includes(systemCode(error));

/**
 * Resolves like `reading`, or with `undefined` if the file or directory does not exist: another process may
 * have removed it. Rejects with other errors of the file system.
 */
export const ifExists = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });

/** The names in a directory; none if it does not exist. Rejects with other errors of the file system. */
export const namesIn = async (path: string): Promise<string[]> => (await ifExists(readdir(path))) ?? [];

/**
 * The target of a symbolic link; `undefined` if nothing is at `path`, or no link (EINVAL). Other errors of
 * the file system are thrown.
 */
export const targetOf = (path: string): Promise<string | undefined> =>
  ifExists(readlink(path)).catch((error: unknown) => {
    if (systemCode(error) === 'EINVAL') return undefined;
    throw error;
  });
