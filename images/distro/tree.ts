// The packages of the distribution guest, unpacked and configured, in the cache.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/cache/directory.js';
import { publish } from '../../harness/cache/publish.js';
import { makeDebian } from '../toolroot/debian.js';
import { checkHost, checkSpace } from '../toolroot/host.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { inodeCommands } from './inodes.js';
import { debianRecipe, sourceDateEpoch, space, treeHash } from './recipe.js';

export interface Tree {
  /** The root directory. All in it is the caller's own. */
  root: string;
  /** A debugfs script with owners and special permissions. */
  inodes: string;
}

/** Names and versions of what is installed, sorted: where these are the same, the same recipe makes the same bytes. */
export const packagesOf = async ({ root }: Pick<Tree, 'root'>): Promise<string[]> => {
  const status = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8');
  return status
    .split('\n\n')
    .flatMap((paragraph) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
      return field('Package') === undefined ? [] : [`${field('Package')} ${field('Version')}`];
    })
    .sort();
};

/** Makes the tree in `directory`, which must not exist: with the network, some 70 MB, and a minute. For `publish`. */
const makeTree =
  ({ progress }: ProgressOptions): Parameters<typeof publish>[1] =>
  async (directory, lock) => {
    await checkHost();
    await checkSpace('the distribution guest', cacheDirectory(), space.cache, 'XDG_CACHE_HOME');
    progress?.(`distribution guest: making a Debian ${debianRecipe.suite} with systemd`);
    await mkdir(directory);
    const options = {
      what: 'the distribution guest',
      name: `distro-${treeHash}`,
      recipe: debianRecipe,
      space: space.scratch,
      sourceDateEpoch,
      progress: (line: string) => progress?.(`distribution guest: ${line}`),
    };
    const listing = await makeDebian(join(directory, 'root'), options, lock);
    await writeFile(join(directory, 'inodes'), `${inodeCommands(listing).join('\n')}\n`);
  };

/** The tree in the cache, made if there is none for this recipe. TOOLROOT_…, HOST_…, CACHE_FULL. */
export const ensureTree = async (options: ProgressOptions = {}): Promise<Tree> => {
  const path = await publish(join(cacheDirectory(), 'distro', `tree-${treeHash}`), makeTree(options));
  return { root: join(path, 'root'), inodes: join(path, 'inodes') };
};
