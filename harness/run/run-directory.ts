// Creates the directory for the artifacts of a run. A marker file distinguishes it from source directories.

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { makeDirectory } from '../base/make-directory.js';
import { runMarker } from '../base/run-marker.js';
import { messageOf, systemCode } from '../base/thrown.js';

const orMakeError = <T>(directory: string, step: () => T): T => {
  try {
    return step();
  } catch (cause) {
    throw new HarnessError('RUN_DIRECTORY_MAKE', { directory, reason: messageOf(cause) }, cause);
  }
};

/** Creates the directory, if it is missing, and the marker file. Throws RUN_DIRECTORY_MAKE. */
export const markRunDirectory = (directory: string): string =>
  orMakeError(directory, () => {
    makeDirectory(directory);
    writeFileSync(
      join(directory, runMarker),
      'Artifacts of a vmmci run. This directory contains no sources.\n',
    );
    return directory;
  });

/**
 * Creates the directory that the user chose. Throws RUN_DIRECTORY if it is not empty, and RUN_DIRECTORY_MAKE.
 */
export const claimRunDirectory = (directory: string): string => {
  const names = orMakeError(directory, () => {
    makeDirectory(directory);
    return readdirSync(directory);
  });
  if (names.length > 0) throw new HarnessError('RUN_DIRECTORY', { directory });
  return markRunDirectory(directory);
};

/** Creates the directory; returns false if it exists, and so belongs to another run. */
const createExclusively = (directory: string): boolean => {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
};

/** Creates the directory of all runs. The user's repository ignores it, unless it was there before. */
const createParent = (parent: string): void => {
  if (makeDirectory(parent) !== undefined) writeFileSync(join(parent, '.gitignore'), '*\n');
};

/**
 * Creates the directory of a run that starts now, in `runs` below the working directory. Names sort by time
 * (UTC) and need no quoting; if two runs start in the same second, a number is appended. Throws
 * RUN_DIRECTORY_MAKE.
 */
export const newRunDirectory = (parent = resolve('runs'), now = new Date()): string => {
  orMakeError(parent, () => createParent(parent));
  const name = now.toISOString().slice(0, 19).replaceAll(':', '.');
  for (let count = 1; ; count += 1) {
    const directory = join(parent, count === 1 ? name : `${name}-${count}`);
    if (orMakeError(directory, () => createExclusively(directory))) return markRunDirectory(directory);
  }
};
