// Creates the directory of a socket file.

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

/** The reason why no directory may be created in `parent`; `undefined` if it is a directory of this user. */
const objectionTo = (parent: string): string | undefined => {
  const found = look(parent);
  if (typeof found === 'string') return `${parent}: ${found}`;
  if (!found.isDirectory()) return `${parent} is not a directory`;
  return found.uid === process.getuid?.() ? undefined : `${parent} belongs to another user`;
};

/**
 * Creates the directory of `path` with mode 0700, unless it exists; returns true if it was created. The
 * parent must exist and belong to this user, so that a misspelt path does not create directories elsewhere.
 * Throws SOCKET_PATH otherwise.
 */
export const makeSocketDirectory = (path: string): boolean => {
  const directory = dirname(path);
  const found = look(directory);
  if (typeof found !== 'string' && found.isDirectory()) return false;
  const refuse = (reason: string, cause?: unknown): never => {
    throw new HarnessError(
      'SOCKET_PATH',
      { path, reason: `${directory} does not exist and cannot be created here (${reason}); create it first` },
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
