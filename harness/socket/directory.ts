// The directory that a socket file goes into.

import { mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { messageOf, systemCode } from '../base/thrown.js';

const look = (path: string): Stats | string => {
  try {
    return statSync(path);
  } catch (error) {
    return systemCode(error) ?? messageOf(error);
  }
};

/** Why no directory is made in `parent`; `undefined` where it may be: a directory of this user's own. */
const objectionTo = (parent: string): string | undefined => {
  const found = look(parent);
  if (typeof found === 'string') return `${parent}: ${found}`;
  if (!found.isDirectory()) return `${parent} is not a directory`;
  return found.uid === process.getuid?.() ? undefined : `${parent} belongs to another user`;
};

/**
 * Makes the directory of `path`, mode 0700, unless it is there; true when it was made. Only in a directory
 * that exists and is this user's own: a path with a mistake in it must not grow directories anywhere. Else
 * throws SOCKET_PATH.
 */
export const makeSocketDirectory = (path: string): boolean => {
  const directory = dirname(path);
  const found = look(directory);
  if (typeof found !== 'string' && found.isDirectory()) return false;
  const refuse = (reason: string, cause?: unknown): never => {
    throw new HarnessError(
      'SOCKET_PATH',
      { path, reason: `${directory} does not exist and is not made, since ${reason}; make it first` },
      cause,
    );
  };
  const objection = objectionTo(dirname(directory));
  if (objection !== undefined) refuse(objection);
  try {
    mkdirSync(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    return refuse(`mkdir failed: ${systemCode(error) ?? messageOf(error)}`, error);
  }
};
