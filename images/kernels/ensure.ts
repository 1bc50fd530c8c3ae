// Kernels in the cache, fetched if they are missing.

import { mkdir, readdir, readlink, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { withLock } from '../../harness/base/cache/lock.js';
import { publish } from '../../harness/base/cache/publish.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { checkSpace } from '../toolroot/host.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { adoptKernel } from './adopt.js';
import { type Apt, openApt } from './apt.js';
import { type Resolved, resolveKernel, unpackKernel } from './fetch.js';
import { type Kernel, manifestFor, readKernel } from './kernel.js';
import { layOut, layoutVersion } from './layout.js';
import type { KernelRow } from './table.js';

/** Packages and the tree made of them, in bytes, with room to spare (measured: 0.9 GB for generic 7.3). */
const space = 1500e6;

const home = (row: KernelRow): string => join(cacheDirectory(), 'kernels', row.name);

/** A symbolic link to the tree in use: changing it is one rename, and a guest that runs keeps the tree it has. */
const currentLink = (row: KernelRow): string => join(home(row), 'current');

/** The kernel of this row in the cache; needs no network, takes no lock. */
export const findKernel = async (row: KernelRow): Promise<Kernel | undefined> => {
  const target = await readlink(currentLink(row)).catch(() => undefined);
  return target === undefined ? undefined : readKernel(row, join(home(row), target));
};

const makeCurrent = async (row: KernelRow, name: string): Promise<void> => {
  const temporary = join(home(row), '.current.partial');
  await removeTree(temporary);
  await symlink(name, temporary);
  await rename(temporary, currentLink(row));
};

/** All trees but the one in use and the one before: who read the link a moment ago may be booting that. */
const prune = async (row: KernelRow, keep: ReadonlySet<string | undefined>): Promise<void> => {
  for (const name of await readdir(home(row))) {
    if (name !== 'current' && !keep.has(name)) await removeTree(join(home(row), name));
  }
};

interface Source extends ProgressOptions {
  root: ToolRoot;
  apt: Apt;
  resolved: Resolved;
}

const publishKernel = (row: KernelRow, { root, apt, resolved, progress }: Source): Promise<string> => {
  const { release, version } = resolved;
  const name = `${version}.layout${layoutVersion}`;
  return publish(join(home(row), name), async (temporary) => {
    progress?.(`kernel ${row.name}: fetching ${release} (${version})`);
    const debs = `${temporary}-debs`;
    try {
      await unpackKernel(resolved, { apt, root, debs, tree: temporary });
    } finally {
      await removeTree(debs);
    }
    await layOut(temporary, release, root);
    const [file, text] = manifestFor(release, version);
    await writeFile(join(temporary, file), text);
  });
};

interface EnsureOptions extends ProgressOptions {
  /** Look for a newer build in the archive although there is a kernel already. */
  update?: boolean | undefined;
}

/**
 * The row's kernel. Once in the cache it stays as it is, and no network is needed, until `update` asks for the newest that the suite has.
 * An own kernel is taken as it is now. Throws KERNEL_DIRECTORY, KERNEL_NETWORK, KERNEL_FETCH, KERNEL_INCOMPLETE, HOST_SPACE, CACHE_FULL.
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
  const present = await findKernel(row);
  if (present && !update) return present;
  // The suite's lock: rows of one suite share its apt state.
  return withLock(
    `apt-${row.suite}`,
    async () => {
      const meanwhile = await findKernel(row);
      if (meanwhile && !update) return meanwhile;
      await mkdir(home(row), { recursive: true });
      await checkSpace(what, home(row), space, 'XDG_CACHE_HOME');
      progress?.(`${what}: looking for the newest ${row.series} in ${row.suite}`);
      const apt = await openApt({ root, suite: row.suite, what, progress });
      const resolved = await resolveKernel(row, apt);
      if (present !== undefined && present.version !== resolved.version)
        progress?.(`${what}: the archive has moved on from ${present.version} to ${resolved.version}`);
      const directory = await publishKernel(row, { root, apt, resolved, progress });
      const name = directory.slice(home(row).length + 1);
      const before = await readlink(currentLink(row)).catch(() => undefined);
      await makeCurrent(row, name);
      await prune(row, new Set([name, before]));
      const kernel = await readKernel(row, directory);
      if (!kernel) throw new Error(`${directory} was just made, but has no kernel.json of this layout`);
      return kernel;
    },
    { onWait },
  );
};

/** Removes all of a row from the cache; whether there was something. */
export const removeKernel = (row: KernelRow): Promise<boolean> =>
  withLock(`apt-${row.suite}`, async () => {
    const present = (await readdir(home(row)).catch(() => [])).length > 0;
    await removeTree(home(row));
    return present;
  });
