// Copies a kernel of the user's own into the cache, as it is now.

import { copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { publish } from '../../harness/base/cache/publish.js';
import { HarnessError } from '../../harness/base/errors.js';
import { listOf } from '../../harness/base/text.js';
import { systemCode } from '../../harness/base/thrown.js';
import type { ToolRoot } from '../toolroot/enter.js';
import type { Progress, ProgressOptions } from '../toolroot/progress.js';
import { checkBuildable } from './build-failure.js';
import { programObstacle } from './build-programs.js';
import { copyPackages } from './copy-packages.js';
import { indexModules } from './index-modules.js';
import { type Kernel, manifestFor, readKernel } from './kernel.js';
import {
  type BuildTree,
  type KernelDirectory,
  orRefuse,
  readKernelDirectory,
  refuse,
} from './kernel-directory.js';
import { directoryPrefix, type KernelRow } from './table.js';

const copyIfThere = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, verbatimSymlinks: true }).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });

/**
 * Module paths from modules.order, whose lines are `kernel/fs/ext4/ext4.ko`, or `fs/ext4/ext4.o` in newer
 * trees.
 */
const modulePaths = (order: string): string[] =>
  order
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^kernel\//, '').replace(/\.o$/, '.ko'));

/**
 * Makes the tree that `make modules_install` would make, but with links instead of copies, since modules may
 * be many.
 */
const linkModules = async (found: BuildTree, tree: string, root: ToolRoot): Promise<void> => {
  const { directory, release } = found;
  const modules = join(tree, 'usr/lib/modules', release);
  for (const path of modulePaths(await readFile(join(directory, 'modules.order'), 'utf8'))) {
    const link = join(modules, 'kernel', path);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(directory, path), link);
  }
  await mkdir(modules, { recursive: true });
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
    await copyIfThere(join(directory, name), join(modules, name));
  await mkdir(join(tree, 'boot'), { recursive: true });
  await copyFile(found.image, join(tree, 'boot', `vmlinuz-${release}`));
  await copyFile(found.config, join(tree, 'boot', `config-${release}`));
  await indexModules(tree, release, root, [{ path: directory }]);
};

/** Creates the files that moduleClosure reads and that builds of older or smaller kernels may lack. */
const completeIndex = async (tree: string, release: string): Promise<void> => {
  for (const name of ['modules.builtin.modinfo', 'modules.softdep', 'modules.alias', 'modules.dep'])
    await writeFile(join(tree, 'usr/lib/modules', release, name), '', { flag: 'a' });
};

/**
 * The path of the cache entry. Its name has the kernel's fingerprint, so a rebuilt kernel gets a new entry.
 */
const entryOf = (row: KernelRow, { fingerprint }: KernelDirectory): string =>
  join(cacheDirectory(), 'own-kernels', `${row.name}-${fingerprint}`);

/**
 * Removes old cache entries of a kernel that is rebuilt often; keeps the current one and the one before it.
 */
const prune = (row: KernelRow, current: string): Promise<void> =>
  keepNewest(dirname(current), {
    count: 2,
    always: [basename(current)],
    filter: (name) => name.replace(/-[0-9a-f]{12}$/, '') === row.name,
  });

/** The kernel in `entry`. If the original is a build tree, modules are built against the original. */
const kernelIn = async (row: KernelRow, entry: string, found: KernelDirectory): Promise<Kernel> => {
  const kernel = await readKernel(row, entry);
  if (kernel === undefined)
    throw new HarnessError('KERNEL_INCOMPLETE', {
      release: found.release,
      path: 'kernel.json of this layout',
    });
  if (found.kind === 'packages') return kernel;
  const { directory, source } = found;
  const sources = source === undefined || source === directory ? [] : [{ path: source }];
  return { ...kernel, buildDirectory: directory, buildBinds: [{ path: directory }, ...sources] };
};

/** Tells which of several releases is used, and why not a newer one. */
const tellChoice = (what: string, found: KernelDirectory, progress: Progress | undefined): void => {
  if (found.kind !== 'packages' || found.others.length === 0) return;
  const { release, others, incomplete } = found;
  for (const reason of incomplete) progress?.(`${what}: not the newest: ${reason}`);
  progress?.(
    `${what}: using ${release}, the newest ${incomplete.length > 0 ? 'complete ' : ''}release; also found: ${listOf(others, 3)} (choose with ${directoryPrefix}PATH@RELEASE)`,
  );
};

/**
 * Rejects with KERNEL_DIRECTORY before anything is copied, if the programs of a module build do not run here.
 */
const checkPrograms = async (found: KernelDirectory, root: ToolRoot): Promise<void> => {
  const { directory } = found;
  const tree =
    found.kind === 'packages' ? { top: directory, headers: found.headers } : { top: '/', headers: directory };
  const obstacle = await programObstacle(root, tree);
  if (obstacle !== undefined) throw refuse(directory, `no module can be built for it here: ${obstacle}`);
};

/**
 * Copies the kernel in the row's directory into the cache, after building a module for it as a check. Rejects
 * with KERNEL_DIRECTORY if no module can be built or the directory is incomplete, and with HOST_SPACE or
 * CACHE_FULL.
 */
export const adoptKernel = async (
  row: KernelRow & { directory: string },
  root: ToolRoot,
  { progress }: ProgressOptions = {},
): Promise<Kernel> => {
  const found = await readKernelDirectory(row.directory, row.release);
  const { release, directory, fingerprint, architecture } = found;
  const what = `kernel ${row.name}`;
  if (row.release === undefined) tellChoice(what, found, progress);
  const entry = await publish(entryOf(row, found), async (temporary) => {
    await checkPrograms(found, root);
    progress?.(`${what}: copying ${release} from ${directory}`);
    await orRefuse(directory, () =>
      found.kind === 'packages' ? copyPackages(found, temporary, root) : linkModules(found, temporary, root),
    );
    await completeIndex(temporary, release);
    const [file, text] = manifestFor({ release, version: fingerprint, architecture });
    await writeFile(join(temporary, file), text);
    progress?.(`${what}: building a module as a check`);
    await checkBuildable(await kernelIn(row, temporary, found), root);
  });
  await prune(row, entry);
  return kernelIn(row, entry, found);
};
