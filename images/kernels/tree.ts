// The trees of one kernel row in the cache: the current one, and the one before it.

import { readlink, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cachePath } from '../../harness/base/cache/directory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { HarnessError } from '../../harness/base/errors.js';
import { ifExists } from '../../harness/base/if-exists.js';
import { systemCode } from '../../harness/base/thrown.js';
import { type Kernel, manifestName, readKernel } from './kernel.js';
import type { KernelRow } from './table.js';

/** The directory of the row, with a tree for each version and the link `current`. */
export const rowDirectory = (row: KernelRow): string => join(cachePath(), 'kernels', row.name);

/**
 * A symbolic link to the current tree. One rename changes it, and running guests keep the tree that they use.
 */
const currentLink = (row: KernelRow): string => join(rowDirectory(row), 'current');

const damaged = (row: KernelRow, release: string, reason: string): HarnessError =>
  new HarnessError('KERNEL_TREE', { release, reason, name: row.name });

/** Rejects with KERNEL_TREE if something else is in place of the link. */
const currentName = (row: KernelRow): Promise<string | undefined> =>
  ifExists(readlink(currentLink(row))).catch((error: unknown) => {
    throw systemCode(error) === 'EINVAL'
      ? damaged(row, row.name, `${currentLink(row)} is not a link`)
      : error;
  });

/** The current kernel of this row in the cache. Needs no network. Rejects with KERNEL_TREE. */
export const findKernel = async (row: KernelRow): Promise<Kernel | undefined> => {
  const name = await currentName(row);
  return name === undefined ? undefined : readKernel(row, join(rowDirectory(row), name));
};

/**
 * Makes the tree `name` the current one. The caller must hold the row's lock. Rejects with KERNEL_TREE if the
 * tree is damaged.
 */
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
  // A tree that is complete is not made again.
  if (!kernel) throw damaged(row, name, `its ${manifestName} is damaged`);
  return kernel;
};
