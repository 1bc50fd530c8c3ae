// The state of each kernel of the table in the cache, and the space it takes.

import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { diskUsage } from '../../harness/base/cache/inventory.js';
import { namesIn } from '../../harness/base/if-exists.js';
import { defaultKernelName, type KernelRow } from './table.js';
import { findKernel } from './tree.js';

/** `built` means fetched, and a driver has been built for it. */
export type KernelState = 'not fetched' | 'fetched' | 'built';

export interface KernelStatus extends Omit<KernelRow, 'directory' | 'release'> {
  /** Whether this is the default kernel. */
  default: boolean;
  state: KernelState;
  /** As `uname -r` prints it; null unless fetched. */
  release: string | null;
  /** The Debian version of the package; null unless fetched. */
  version: string | null;
  /** Space on disk in bytes, with the modules and guest images made for it. 0 unless fetched. */
  bytes: number;
  directory: string | null;
}

const bytesOf = async (paths: readonly string[]): Promise<number> =>
  (await Promise.all(paths.map(diskUsage))).reduce((sum, bytes) => sum + bytes, 0);

/** The state of the row's kernel. Needs no network and takes no lock. */
export const kernelStatus = async (row: KernelRow): Promise<KernelStatus> => {
  const kernel = await findKernel(row);
  const common = { ...row, default: row.name === defaultKernelName };
  if (kernel === undefined)
    return { ...common, state: 'not fetched', release: null, version: null, bytes: 0, directory: null };
  const { release, version, directory } = kernel;
  const cache = cacheDirectory();
  const modules = join(cache, 'modules', release);
  const isBuilt = (await namesIn(modules)).some((name) => !name.startsWith('.'));
  const images = (await namesIn(join(cache, 'guest'))).filter((name) => name.startsWith(`${release}-`));
  const bytes = await bytesOf([
    join(cache, 'kernels', row.name),
    ...(isBuilt ? [modules] : []),
    ...images.map((name) => join(cache, 'guest', name)),
  ]);
  return { ...common, state: isBuilt ? 'built' : 'fetched', release, version, bytes, directory };
};
