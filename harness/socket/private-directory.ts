// Creates directories for sockets.

import { symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import {
  removeLater,
  removeLeftovers,
  type TemporaryDirectory,
  temporaryDirectory,
} from '../base/temporary-directory.js';
import { maxPathBytes } from '../host/libc.js';

/** The bytes of path that sockets need below the directory: `/sockets/0/function.sock` and more. */
const room = 40;

const shortParents = ['/tmp', '/var/tmp', '/dev/shm'];

/** True if the path leaves enough room for sockets in the directory. */
const isShort = (path: string): boolean => Buffer.byteLength(path) + room <= maxPathBytes;

/**
 * The paths under which a private directory can be used: its own or, if that is too long, those of possible
 * links.
 */
export const pathsOf = (path: string): string[] =>
  isShort(path) ? [path] : shortParents.map((parent) => join(parent, basename(path)));

/** Creates a link with a short name to `path`. */
const shortLink = (path: string): string => {
  for (const link of pathsOf(path)) {
    try {
      removeLeftovers(dirname(link));
      symlinkSync(path, link);
      return link;
    } catch {
      // Try the next parent.
    }
  }
  const reason = `is too long for sockets, and none of ${shortParents.join(', ')} is writable; use a shorter TMPDIR`;
  throw new HarnessError('SOCKET_PATH', { path, reason });
};

/**
 * Creates a directory with mode 0700 below TMPDIR, with a path short enough for sockets in it: if TMPDIR is
 * too long, the path is a link elsewhere. `remove` deletes it with its contents.
 */
export const privateDirectory = (): TemporaryDirectory => {
  const directory = temporaryDirectory();
  if (isShort(directory.path)) return directory;
  try {
    const path = shortLink(directory.path);
    const removeLink = removeLater(path);
    return {
      path,
      remove: () => {
        removeLink();
        directory.remove();
      },
    };
  } catch (error) {
    directory.remove();
    throw error;
  }
};
