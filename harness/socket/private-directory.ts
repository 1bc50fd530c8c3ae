// Directories for sockets.

import { symlinkSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { removeLeftovers, type TemporaryDirectory, temporaryDirectory } from '../base/temporary-directory.js';
import { maxPathBytes } from '../host/libc.js';

/** Bytes of path below the directory that sockets may need: `/sockets/0/function.sock` and more. */
const room = 40;

const shortParents = ['/tmp', '/var/tmp', '/dev/shm'];

/** True if sockets can be in the directory. */
const isShort = (path: string): boolean => Buffer.byteLength(path) + room <= maxPathBytes;

/** The paths that a private directory in `path` may be used by: its own, or where that is too long, of a link to it. */
export const pathsOf = (path: string): string[] =>
  isShort(path) ? [path] : shortParents.map((parent) => join(parent, basename(path)));

/** A link to `path` with a short name, where a long one would leave too little of a socket's path. */
const shortLink = (path: string): string => {
  for (const link of pathsOf(path)) {
    try {
      removeLeftovers(dirname(link));
      symlinkSync(path, link);
      return link;
    } catch {
      // This one cannot be used; the next may be.
    }
  }
  const reason = `is too long for sockets, and none of ${shortParents.join(', ')} can be written; use a shorter TMPDIR`;
  throw new HarnessError('SOCKET_PATH', { path, reason });
};

/**
 * A new directory of mode 0700 below TMPDIR, with a path short enough for sockets in it: where that of TMPDIR
 * is too long, the path given is a link elsewhere. `remove` deletes it with all it holds.
 */
export const privateDirectory = (): TemporaryDirectory => {
  const directory = temporaryDirectory();
  if (isShort(directory.path)) return directory;
  try {
    const path = shortLink(directory.path);
    return {
      path,
      remove: () => {
        unlinkSync(path);
        directory.remove();
      },
    };
  } catch (error) {
    directory.remove();
    throw error;
  }
};
