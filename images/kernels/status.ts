// The state of each kernel of the table in the cache, and the space it takes.

import { join } from 'node:path';
import { cachePath } from '../../harness/base/cache/directory.js';
import { diskUsage } from '../../harness/base/cache/inventory.js';
import { namesIn } from '../../harness/base/if-exists.js';
import { unfinishedBuilds } from './debug/ensure.js';
import { recipeHash } from './debug/recipe.js';
import { defaultKernelName, type KernelRow } from './table.js';
import { findKernel } from './tree.js';

/**
 * `built` means fetched, and a driver has been built for it. A debug kernel may also be `interrupted`, which
 * its next build continues, or `outdated`: its configuration has changed, so its next use builds it again.
 */
export type KernelState = 'not fetched' | 'interrupted' | 'outdated' | 'fetched' | 'built';

export interface KernelStatus extends Omit<KernelRow, 'directory' | 'release'> {
  /** Whether this is the default kernel. */
  default: boolean;
  state: KernelState;
  /** As `uname -r` prints it; null if there is no kernel yet. */
  release: string | null;
  /** The Debian version of the package; null if there is no kernel yet. */
  version: string | null;
  /** Space on disk in bytes, with the modules and guest images made for it, and with an interrupted build. */
  bytes: number;
  directory: string | null;
}

const bytesOf = async (paths: readonly string[]): Promise<number> =>
  (await Promise.all(paths.map(diskUsage))).reduce((sum, bytes) => sum + bytes, 0);

/** The state of the row's kernel. Needs no network and takes no lock. */
export const kernelStatus = async (row: KernelRow): Promise<KernelStatus> => {
  const kernel = await findKernel(row);
  const common = { ...row, default: row.name === defaultKernelName };
  const recipe = row.flavour === 'debug' ? await recipeHash(row.series) : undefined;
  const unfinished = await unfinishedBuilds(row);
  if (kernel === undefined) {
    const continues = unfinished.some((path) => path.endsWith(`-${recipe}`));
    const state = continues ? 'interrupted' : 'not fetched';
    return {
      ...common,
      state,
      release: null,
      version: null,
      bytes: await bytesOf(unfinished),
      directory: null,
    };
  }
  const { release, version, directory } = kernel;
  const cache = cachePath();
  const modules = join(cache, 'modules', release);
  const isBuilt = (await namesIn(modules)).some((name) => !name.startsWith('.'));
  const images = (await namesIn(join(cache, 'guest'))).filter((name) => name.startsWith(`${release}-`));
  const bytes = await bytesOf([
    join(cache, 'kernels', row.name),
    ...unfinished,
    ...(isBuilt ? [modules] : []),
    ...images.map((name) => join(cache, 'guest', name)),
  ]);
  const fetched = isBuilt ? 'built' : 'fetched';
  return {
    ...common,
    state: recipe === kernel.recipe ? fetched : 'outdated',
    release,
    version,
    bytes,
    directory,
  };
};
