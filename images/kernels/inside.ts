// Resolves paths of a root file system that is not the host's: links are resolved relative to that root.

import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../harness/base/if-exists.js';

/** True if `path` is `directory`, or below it; both without links. */
export const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory.replace(/\/?$/, '/'));

/** The number of links that Linux follows in one path. */
const maxLinks = 40;

/**
 * Resolves the links of `path`, a path of that root. The result is relative to the root and contains no
 * links. `undefined` if the path does not exist.
 */
export const resolveInside = async (root: string, path: string): Promise<string | undefined> => {
  const todo = path.split('/');
  let links = 0;
  let done: string[] = [];
  while (todo.length > 0) {
    const name = todo.shift() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      done.pop();
      continue;
    }
    const here = [...done, name];
    // A directory that cannot be searched is not an absent file.
    const found = await ifExists(lstat(join(root, ...here)));
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) {
      done = here;
      continue;
    }
    links += 1;
    if (links > maxLinks) return undefined;
    const target = await readlink(join(root, ...here));
    if (target.startsWith('/')) done = [];
    todo.unshift(...target.split('/'));
  }
  return done.join('/');
};
