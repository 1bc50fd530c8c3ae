// The distribution guest's disk image in the cache: a compressed qcow2 that is never written to.

import { createHash } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { publish } from '../../harness/base/cache/publish.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { newc } from '../guest/newc.js';
import type { ModuleSet } from '../kernels/build.js';
import type { Kernel } from '../kernels/kernel.js';
import { createBase } from '../qemu-img/image.js';
import type { ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { compose, type DriverModules, ownEntries } from './compose.js';
import { ensureDistroInitramfs } from './initramfs.js';
import { disabled, diskSize, driverDirectory, treeHash } from './recipe.js';
import { ensureTree, type Tree } from './tree.js';

/** Increase it when this file or `compose` makes a different image from the same inputs. */
const recipe = 2;

/** Number of images that stay in the cache. There is one for each driver and kernel. */
const keptImages = 4;

export interface Distro {
  /** A hash of all inputs of the image. */
  key: string;
  /** Path of the qcow2. */
  image: string;
  /** Path of the initramfs. */
  initramfs: string;
  /** The tree of packages that the image was made of. */
  tree: Tree;
}

export interface DistroInputs {
  kernel: Kernel;
  root: ToolRoot;
  modules: Pick<ModuleSet, 'directory' | 'modules'>;
  /** Names of the modules in load order. */
  load: readonly string[];
}

const keyOf = async ({ kernel, root, modules, load }: DistroInputs, tree: Tree): Promise<string> => {
  const hash = createHash('sha256').update(
    JSON.stringify([recipe, treeHash, kernel.release, kernel.version, disabled, driverDirectory, diskSize]),
  );
  hash.update(await readFile(join(tree.root, 'var/lib/dpkg/status')));
  // The image depends on mke2fs and qemu-img of the tool root.
  hash.update(await readFile(join(root.path, 'var/lib/dpkg/status')));
  hash.update(newc(await ownEntries(root, load)));
  for (const name of modules.modules)
    hash.update(`${name}\0`).update(await readFile(join(modules.directory, name)));
  return hash.digest('hex').slice(0, 16);
};

/** Writes a qcow2 to `image`, which must not exist. The same inputs make the same bytes. */
export const makeImage = async (
  image: string,
  tree: Tree,
  { kernel, root, modules, load }: DistroInputs,
): Promise<void> => {
  const directory = `${image}-root`;
  const driver: DriverModules = { ...modules, load };
  try {
    await compose(directory, { tree, kernel, root, driver });
    await createBase(root, directory, image, { size: diskSize, label: 'vmmci-distro', inodes: tree.inodes });
  } finally {
    await removeTree(directory);
  }
};

/**
 * The image for this kernel and this driver. If the cache has none, makes it in about 15 seconds, after the
 * packages if they are missing. Rejects as `ensureTree`, `makeImage` and `ensureDistroInitramfs` do.
 */
export const ensureDistro = async (
  inputs: DistroInputs,
  { progress }: ProgressOptions = {},
): Promise<Distro> => {
  const tree = await ensureTree({ progress });
  const key = await keyOf(inputs, tree);
  const name = `${key}.qcow2`;
  const image = await publish(join(cacheDirectory(), 'distro', 'images', name), async (temporary) => {
    progress?.(`distribution guest: making the disk for ${inputs.kernel.release}`);
    await makeImage(temporary, tree, inputs);
    await chmod(temporary, 0o444);
    await keepNewest(dirname(temporary), { count: keptImages - 1 });
  });
  return { key, image, tree, initramfs: await ensureDistroInitramfs(inputs.kernel, inputs.root) };
};
