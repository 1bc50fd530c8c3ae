// The trees of one kernel row in the cache: the current one, and the one before it.

import { readlink, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { ifExists } from '../../harness/base/if-exists.js';
import { type Kernel, readKernel } from './kernel.js';
import type { KernelRow } from './table.js';

/** The directory of the row, with a tree for each version and the link `current`. */
export const rowDirectory = (row: KernelRow): string => join(cacheDirectory(), 'kernels', row.name);

/**
 * A symbolic link to the current tree. One rename changes it, and running guests keep the tree that they use.
 */
const currentLink = (row: KernelRow): string => join(rowDirectory(row), 'current');

const currentName = (row: KernelRow): Promise<string | undefined> => ifExists(readlink(currentLink(row)));

/** The current kernel of this row in the cache. Needs no network. */
export const findKernel = async (row: KernelRow): Promise<Kernel | undefined> => {
  const name = await currentName(row);
  return name === undefined ? undefined : readKernel(row, join(rowDirectory(row), name));
};

/** Makes the tree `name` the current one. The caller must hold the row's lock. */
export const makeCurrent = async (row: KernelRow, name: string): Promise<Kernel> => {
  const before = await currentName(row);
  const temporary = join(rowDirectory(row), '.current.partial');
  await removeTree(temporary);
  await symlink(name, temporary);
  await rename(temporary, currentLink(row));
  // Keep the previous tree, since modules and snapshots made for it are still in the cache.
  await keepNewest(rowDirectory(row), {
    count: 0,
    always: ['current', name, ...(before === undefined ? [] : [before])],
  });
  const kernel = await readKernel(row, join(rowDirectory(row), name));
  if (!kernel) throw new Error(`${name} was just made, but has no kernel.json of this layout`);
  return kernel;
};
