// Copies a kernel of the user's own into the cache, as it is now.

import { copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { diskUsage } from '../../harness/base/cache/inventory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { publish } from '../../harness/base/cache/publish.js';
import { HarnessError } from '../../harness/base/errors.js';
import { listOf } from '../../harness/base/text.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { checkSpace } from '../toolroot/host.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { runInToolRoot } from '../toolroot/run.js';
import { checkBuildable } from './build-failure.js';
import { indexModules } from './index-modules.js';
import { type Kernel, manifestFor, readKernel } from './kernel.js';
import {
  type BuildTree,
  type KernelDirectory,
  type PackageTree,
  readKernelDirectory,
} from './kernel-directory.js';
import { layOut } from './layout.js';
import { headerTrees } from './package-layout.js';
import { directoryPrefix, type KernelRow } from './table.js';

const copyIfThere = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, verbatimSymlinks: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });

/** The path of a header tree's copy in the cache: always below usr/src. */
const copyOfTree = (tree: string, release: string): string => {
  if (tree.startsWith('usr/src/')) return tree;
  const name = basename(tree);
  if (name.startsWith('linux-kbuild-')) return `usr/src/${name}`;
  return name === 'build' ? `usr/src/linux-headers-${release}` : `usr/src/${name}-${release}`;
};

/** Paths of the original in Makefiles become those of the copy, which a build sees at /usr/src. */
const redirect = async (makefile: string, copies: ReadonlyMap<string, string>): Promise<void> => {
  const text = await readFile(makefile, 'utf8');
  const redirected = [...copies].reduce((text, [from, to]) => text.replaceAll(`/${from}/`, `/${to}/`), text);
  if (redirected !== text) await writeFile(makefile, redirected);
};

/**
 * Copies what a guest and a module build need in the layout of Debian's packages. The original may be removed
 * later.
 */
const copyPackages = async (found: PackageTree, tree: string, root: ToolRoot): Promise<void> => {
  const { directory, release, headers } = found;
  const trees = await headerTrees(directory, headers);
  const parts = [found.modules, ...trees].map((part) => join(directory, part));
  const sizes = await Promise.all(parts.map(diskUsage));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  await checkSpace(`kernel ${release}`, cacheDirectory(), total * 1.2, 'XDG_CACHE_HOME');
  const modules = join(tree, 'usr/lib/modules', release);
  for (const part of ['boot', 'usr/lib/modules', 'usr/src'])
    await mkdir(join(tree, part), { recursive: true });
  await cp(join(directory, found.modules), modules, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) =>
      !/^(build|source|vmlinuz|vmlinux)$/.test(relative(join(directory, found.modules), path)),
  });
  await copyFile(found.image, join(tree, 'boot', `vmlinuz-${release}`));
  await copyFile(found.config, join(tree, 'boot', `config-${release}`));
  const copies = new Map(trees.map((from) => [from, copyOfTree(from, release)]));
  for (const [from, to] of copies) {
    await mkdir(dirname(join(tree, to)), { recursive: true });
    await cp(join(directory, from), join(tree, to), { recursive: true, verbatimSymlinks: true });
  }
  const [top = headers] = trees;
  const copied = join(copies.get(top) ?? '', relative(top, headers));
  await redirect(join(tree, copied, 'Makefile'), copies);
  const usual = `usr/src/linux-headers-${release}`;
  if (copied !== usual) await symlink(relative('usr/src', copied), join(tree, usual));
  // The tool root's depmod reads no gzip.
  await runInToolRoot(root, ['find', modules, '-name', '*.ko.gz', '-exec', 'gunzip', '{}', '+'], {
    binds: [{ path: tree, writable: true }],
  });
  await layOut(tree, release, root);
};

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

/**
 * Copies the kernel in the row's directory into the cache, after building a module for it as a check.
 * KERNEL_DIRECTORY if no module can be built or the directory is incomplete; HOST_SPACE; CACHE_FULL.
 */
export const adoptKernel = async (
  row: KernelRow & { directory: string },
  root: ToolRoot,
  { progress }: ProgressOptions = {},
): Promise<Kernel> => {
  const found = await readKernelDirectory(row.directory, row.release);
  const { release, directory, fingerprint } = found;
  const what = `kernel ${row.name}`;
  if (found.kind === 'packages' && row.release === undefined && found.others.length > 0)
    progress?.(
      `${what}: using ${release}, the newest release; also found: ${listOf(found.others, 3)} (choose with ${directoryPrefix}PATH@RELEASE)`,
    );
  const entry = await publish(entryOf(row, found), async (temporary) => {
    progress?.(`${what}: copying ${release} from ${directory}`);
    if (found.kind === 'packages') await copyPackages(found, temporary, root);
    else await linkModules(found, temporary, root);
    await completeIndex(temporary, release);
    const [file, text] = manifestFor({ release, version: fingerprint });
    await writeFile(join(temporary, file), text);
    progress?.(`${what}: building a module as a check`);
    await checkBuildable(await kernelIn(row, temporary, found), root);
  });
  await prune(row, entry);
  return kernelIn(row, entry, found);
};
