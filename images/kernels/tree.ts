// The trees of one kernel row in the cache: the one in use, and the one before it.

import { readlink, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { type Kernel, readKernel } from './kernel.js';
import type { KernelRow } from './table.js';

/** The directory of the row: a tree for each version, and the link. */
export const rowDirectory = (row: KernelRow): string => join(cacheDirectory(), 'kernels', row.name);

/** A symbolic link to the tree in use: changing it is one rename, and a guest that runs keeps the tree it has. */
const currentLink = (row: KernelRow): string => join(rowDirectory(row), 'current');

const currentName = (row: KernelRow): Promise<string | undefined> =>
  readlink(currentLink(row)).catch(() => undefined);

/** The kernel of this row in the cache. Needs no network. */
export const findKernel = async (row: KernelRow): Promise<Kernel | undefined> => {
  const name = await currentName(row);
  return name === undefined ? undefined : readKernel(row, join(rowDirectory(row), name));
};

/** Makes the tree called `name` the one in use. For the holder of the row's lock. */
export const makeCurrent = async (row: KernelRow, name: string): Promise<Kernel> => {
  const before = await currentName(row);
  const temporary = join(rowDirectory(row), '.current.partial');
  await removeTree(temporary);
  await symlink(name, temporary);
  await rename(temporary, currentLink(row));
  // The one before may be wanted again: its modules and snapshots are still there.
  await keepNewest(rowDirectory(row), {
    count: 0,
    always: ['current', name, ...(before === undefined ? [] : [before])],
  });
  const kernel = await readKernel(row, join(rowDirectory(row), name));
  if (!kernel) throw new Error(`${name} was just made, but has no kernel.json of this layout`);
  return kernel;
};
