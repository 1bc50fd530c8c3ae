// The distribution guest's packages in the cache, unpacked and configured.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { withLock } from '../../harness/base/cache/lock.js';
import { publish } from '../../harness/base/cache/publish.js';
import { makeDebian } from '../toolroot/debian.js';
import { checkHost, checkSpace } from '../toolroot/host.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { sourceDateEpoch } from '../toolroot/recipe.js';
import { inodeCommands } from './inodes.js';
import { debianRecipe, space, treeHash } from './recipe.js';

export interface Tree {
  /** The root directory. All files in it belong to the caller. */
  root: string;
  /** A debugfs script with owners and special permissions. */
  inodes: string;
}

const treeAt = (path: string): Tree => ({ root: join(path, 'root'), inodes: join(path, 'inodes') });

/**
 * Makes a tree in `path`, which must not exist. Downloads about 40 MB and takes a minute. Rejects with
 * TOOLROOT_…, HOST_… or CACHE_FULL.
 */
export const makeTree = async (path: string, { progress }: ProgressOptions = {}): Promise<Tree> => {
  const name = `distro-${treeHash}`;
  const tree = treeAt(path);
  // This needs a lock of its own, since all processes that make such a tree share the scratch directory.
  await withLock(name, async (lock) => {
    await checkHost();
    await checkSpace('the distribution guest', cacheDirectory(), space.cache, 'XDG_CACHE_HOME');
    progress?.(`distribution guest: making a Debian ${debianRecipe.suite} with systemd`);
    await mkdir(path);
    const options = {
      what: 'the distribution guest',
      name,
      recipe: debianRecipe,
      space: space.scratch,
      sourceDateEpoch,
      progress: (line: string) => progress?.(`distribution guest: ${line}`),
    };
    const listing = await makeDebian(tree.root, options, lock);
    // Some files have modes with which only real root could read them.
    await execa('chmod', ['--recursive', 'u+rX', tree.root]);
    await writeFile(tree.inodes, `${inodeCommands(listing).join('\n')}\n`);
  });
  return tree;
};

/**
 * Returns the tree in the cache, and makes it if there is none for this recipe. Rejects with TOOLROOT_…,
 * HOST_… or CACHE_FULL.
 */
export const ensureTree = async (options: ProgressOptions = {}): Promise<Tree> => {
  const directory = join(cacheDirectory(), 'distro', 'trees');
  const path = join(directory, treeHash);
  await publish(path, async (temporary) => {
    await makeTree(temporary, options);
    await keepNewest(directory, { count: 1 });
  });
  return treeAt(path);
};
