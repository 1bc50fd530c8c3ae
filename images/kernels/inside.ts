// Paths of a root file system that is not this host's: links in it mean paths of that root.

import { lstat, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** As many links as Linux follows in one path. */
const maxLinks = 40;

/**
 * Where `path`, one of the root's own, leads: again a path of that root, without a link in it and without a slash in front.
 * `undefined` if nothing is there.
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
    const found = await lstat(join(root, ...here)).catch(() => undefined);
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
