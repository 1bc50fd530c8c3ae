// Where a run leaves its artifacts: a directory that no other run has, marked so that nobody takes it for sources.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { runMarker } from '../base/run-marker.js';
import { messageOf, systemCode } from '../base/thrown.js';

const making = <T>(directory: string, make: () => T): T => {
  try {
    return make();
  } catch (cause) {
    throw new HarnessError('RUN_DIRECTORY_MAKE', { directory, reason: messageOf(cause) }, cause);
  }
};

/** Makes it if it is missing. Throws RUN_DIRECTORY_MAKE. */
export const markRunDirectory = (directory: string): string =>
  making(directory, () => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, runMarker), 'Artifacts of a run of vmmci. Not part of any sources.\n');
    return directory;
  });

/** Makes a directory that was asked for. Throws RUN_DIRECTORY if it holds something: results of another run, perhaps; RUN_DIRECTORY_MAKE. */
export const claimRunDirectory = (directory: string): string => {
  const names = making(directory, () => {
    mkdirSync(directory, { recursive: true });
    return readdirSync(directory);
  });
  if (names.length > 0) throw new HarnessError('RUN_DIRECTORY', { directory });
  return markRunDirectory(directory);
};

/** Whether it is new: nobody else has it then. */
const makeAlone = (directory: string): boolean => {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
};

/**
 * Makes the directory of a run that starts now: below the working directory, wherever the package itself is. Its name sorts by time (UTC)
 * and needs no quoting anywhere; a run that starts in the same second gets a number behind it. Throws RUN_DIRECTORY_MAKE.
 */
export const newRunDirectory = (parent = resolve('runs'), now = new Date()): string => {
  making(parent, () => mkdirSync(parent, { recursive: true }));
  const name = now.toISOString().slice(0, 19).replaceAll(':', '.');
  for (let count = 1; ; count += 1) {
    const directory = join(parent, count === 1 ? name : `${name}-${count}`);
    if (making(directory, () => makeAlone(directory))) return markRunDirectory(directory);
  }
};
