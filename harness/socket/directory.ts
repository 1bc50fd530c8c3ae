// Where a socket file goes.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { HarnessError } from '../base/errors.js';

/** Makes the directory of `path`, mode 0700, unless it is there. SOCKET_PATH when that cannot be. */
export const makeSocketDirectory = (path: string): void => {
  const directory = dirname(path);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new HarnessError('SOCKET_PATH', { path, reason: `${directory} cannot be made: ${code}` }, error);
  }
};
