// Where a run leaves its artifacts: a directory that no other run has, marked so that nobody takes it for sources.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { runMarker } from '../base/run-marker.js';
import { systemCode } from '../base/thrown.js';

/** The directory exists. */
export const markRunDirectory = (directory: string): string => {
  writeFileSync(join(directory, runMarker), 'Artifacts of a run of vmmci. Not part of any sources.\n');
  return directory;
};

/** Makes a directory that was asked for. Throws RUN_DIRECTORY if it holds something: results of another run, perhaps. */
export const claimRunDirectory = (directory: string): string => {
  mkdirSync(directory, { recursive: true });
  if (readdirSync(directory).length > 0) throw new HarnessError('RUN_DIRECTORY', { directory });
  return markRunDirectory(directory);
};

/**
 * Makes the directory of a run that starts now: below the working directory, wherever the package itself is. Its name sorts by time (UTC)
 * and needs no quoting anywhere; a run that starts in the same second gets a number behind it.
 */
export const newRunDirectory = (parent = resolve('runs'), now = new Date()): string => {
  mkdirSync(parent, { recursive: true });
  const name = now.toISOString().slice(0, 19).replaceAll(':', '.');
  for (let count = 1; ; count += 1) {
    const directory = join(parent, count === 1 ? name : `${name}-${count}`);
    try {
      // Not recursive: it must fail if the directory is there.
      mkdirSync(directory);
      return markRunDirectory(directory);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
};
