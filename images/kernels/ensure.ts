// Finds kernels in the cache, or fetches them.

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withLock } from '../../harness/base/cache/lock.js';
import { publish } from '../../harness/base/cache/publish.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { useEntry, whileUnused } from '../../harness/base/cache/users.js';
import { namesIn } from '../../harness/base/if-exists.js';
import { type Apt, aptLock, openApt } from '../packages/apt.js';
import { unpackPackages } from '../packages/unpack.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { checkSpace } from '../toolroot/host.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { adoptKernel } from './adopt.js';
import { ensureDebugKernel, unfinishedBuilds } from './debug/ensure.js';
import { type Resolved, resolveKernel } from './fetch.js';
import { type Kernel, manifestFor } from './kernel.js';
import { layOut, layoutVersion } from './layout.js';
import type { KernelRow } from './table.js';
import { findKernel, makeCurrent, rowDirectory } from './tree.js';

/**
 * Space for the packages and the unpacked tree, in bytes, with a reserve (measured: 0.9 GB for generic 7.3).
 */
const space = 1500e6;

interface Source extends ProgressOptions {
  root: ToolRoot;
  apt: Apt;
  resolved: Resolved;
}

const publishKernel = (row: KernelRow, { root, apt, resolved, progress }: Source): Promise<string> => {
  const { release, version, packages } = resolved;
  const { architecture } = row;
  const name = `${version}.layout${layoutVersion}`;
  return publish(join(rowDirectory(row), name), async (temporary) => {
    progress?.(`kernel ${row.name}: fetching ${release} (${version})`);
    await unpackPackages(apt, root, packages, temporary);
    await layOut(temporary, release, root);
    const [file, text] = manifestFor({ release, version, architecture });
    await writeFile(join(temporary, file), text);
  });
};

interface EnsureOptions extends ProgressOptions {
  /** Look for a newer build in the archive even if the cache has a kernel. */
  update?: boolean | undefined;
}

/**
 * The row's kernel. Once in the cache it does not change and needs no network, until `update` fetches the
 * newest build of the suite. A kernel of the user's own is copied as it is now; a debug kernel is built.
 * Rejects with KERNEL_DIRECTORY, KERNEL_NETWORK, KERNEL_FETCH, KERNEL_INCOMPLETE, HOST_SPACE, CACHE_FULL.
 */
export const ensureKernel = async (
  row: KernelRow,
  root: ToolRoot,
  { progress, update = false }: EnsureOptions = {},
): Promise<Kernel> => {
  if (row.directory !== undefined)
    return adoptKernel({ ...row, directory: row.directory }, root, { progress });
  const what = `kernel ${row.name}`;
  const onWait = ({ holder }: { holder: string }) => progress?.(`${what}: waiting for ${holder}`);
  await useEntry(rowDirectory(row));
  if (row.flavour === 'debug') return ensureDebugKernel(row, root, { progress, update });
  const present = await findKernel(row);
  if (present && !update) return present;
  return withLock(
    aptLock(row),
    async () => {
      const meanwhile = await findKernel(row);
      if (meanwhile && !update) return meanwhile;
      await mkdir(rowDirectory(row), { recursive: true });
      await checkSpace(what, rowDirectory(row), space, 'XDG_CACHE_HOME');
      progress?.(`${what}: looking for the newest ${row.series} in ${row.suite}`);
      const apt = await openApt({ root, ...row, what, progress });
      const resolved = await resolveKernel(row, apt);
      if (present !== undefined && present.version !== resolved.version)
        progress?.(`${what}: updating from ${present.version} to ${resolved.version}`);
      const directory = await publishKernel(row, { root, apt, resolved, progress });
      return makeCurrent(row, basename(directory));
    },
    { onWait },
  );
};

/**
 * Removes the row's kernels from the cache. Resolves with whether there were any. Rejects with CACHE_IN_USE.
 */
export const removeKernel = async (row: KernelRow): Promise<boolean> => {
  const paths = [rowDirectory(row), ...(await unfinishedBuilds(row))];
  return whileUnused(`kernel ${row.name}`, paths, async () => {
    const present = await Promise.all(paths.map(namesIn));
    for (const path of paths) await removeTree(path);
    return present.flat().length > 0;
  });
};
