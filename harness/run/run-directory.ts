// Creates the directory for the artifacts of a run. A marker file distinguishes it from source directories.

import { mkdirSync, readdirSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { isAbsent } from '../base/if-exists.js';
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

const ignoreFile = '.gitignore';

/** Deletes the file if the directory has no other entry. Returns true if the directory is empty then. */
const deleteOnly = (directory: string, file: string): boolean => {
  const names = readdirSync(directory);
  if (names.length === 1 && names[0] === file) unlinkSync(join(directory, file));
  return names.every((name) => name === file);
};

/** The run directories of this process, each with the first directory that was created for it, if any. */
const claimed = new Map<string, string | undefined>();

const removeUnused = (directory: string, created: string | undefined): void => {
  try {
    if (!deleteOnly(directory, runMarker) || created === undefined) return;
    for (let at = directory; at.startsWith(created) && deleteOnly(at, ignoreFile); at = dirname(at))
      rmdirSync(at);
  } catch {
    // Somebody else uses or removed it. What is left has no content.
  }
};

/**
 * Removes the run directory when this process exits, if nothing was written to it: a wrong command line, or a
 * host that cannot run guests, leaves nothing behind.
 */
const removeAtExitIfUnused = (directory: string, created: string | undefined): string => {
  if (claimed.size === 0)
    process.once('exit', () => {
      // The first run created the directory of all runs, so it comes last.
      for (const [run, first] of [...claimed].reverse()) removeUnused(run, first);
    });
  claimed.set(directory, created);
  return directory;
};

/** Throws RUN_DIRECTORY if the path, or a part of it, is a file. */
const requireDirectory = (directory: string): void => {
  try {
    if (statSync(directory).isDirectory()) return;
  } catch (error) {
    // Whatever else is wrong shows when the directory is made.
    if (systemCode(error) !== 'ENOTDIR') return;
    throw new HarnessError('RUN_DIRECTORY', { directory, reason: 'is below a file' }, error);
  }
  throw new HarnessError('RUN_DIRECTORY', { directory, reason: 'is not a directory' });
};

/**
 * Creates the directory that the user chose. Throws RUN_DIRECTORY if it is not empty or no directory, and
 * RUN_DIRECTORY_MAKE.
 */
export const claimRunDirectory = (directory: string): string => {
  requireDirectory(directory);
  const { names, created } = orMakeError(directory, () => {
    const created = makeDirectory(directory);
    return { created, names: readdirSync(directory) };
  });
  if (names.length > 0) throw new HarnessError('RUN_DIRECTORY', { directory, reason: 'is not empty' });
  return removeAtExitIfUnused(markRunDirectory(directory), created);
};

/** Creates the directory; returns false if it exists, and so belongs to another run. */
const createExclusively = (directory: string): boolean => {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    // The parent is missing if a run that wrote nothing has just removed it.
    if (systemCode(error) === 'EEXIST' || isAbsent(error)) return false;
    throw error;
  }
};

/**
 * Creates the directory of all runs and returns the first directory that was created. The user's repository
 * ignores it, unless it was there before.
 */
const createParent = (parent: string): string | undefined => {
  const created = makeDirectory(parent);
  if (created !== undefined) writeFileSync(join(parent, ignoreFile), '*\n');
  return created;
};

/**
 * Creates the directory of a run that starts now, in `runs` below the working directory. Names sort by time
 * (UTC) and need no quoting; if two runs start in the same second, a number is appended. Throws
 * RUN_DIRECTORY_MAKE.
 */
export const newRunDirectory = (parent = resolve('runs'), now = new Date()): string => {
  const name = now.toISOString().slice(0, 19).replaceAll(':', '.');
  for (let count = 1; ; count += 1) {
    const created = orMakeError(parent, () => createParent(parent));
    const directory = join(parent, count === 1 ? name : `${name}-${count}`);
    if (orMakeError(directory, () => createExclusively(directory)))
      return removeAtExitIfUnused(markRunDirectory(directory), created ?? directory);
  }
};
