// Copies the kernel of a root file system or of unpacked packages, into the layout of a kernel in the cache.

import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { diskUsage } from '../../harness/base/cache/inventory.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { checkSpace } from '../toolroot/host.js';
import { runInToolRoot } from '../toolroot/run.js';
import { copyTrees } from './copy-tree.js';
import { headerTrees } from './header-trees.js';
import type { PackageTree } from './kernel-directory.js';
import { layOut } from './layout.js';

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

/** Entries of the modules' directory that are copied as what they are, or not needed. */
const notModules: ReadonlySet<string> = new Set(['build', 'source', 'vmlinuz', 'vmlinux']);

/** The directory of the modules in the cache. */
const modulesIn = (release: string): string => `usr/lib/modules/${release}`;

/**
 * Copies the header trees, so that usr/src/linux-headers-RELEASE in `to` is what modules are built against.
 */
const copyHeaders = async (found: PackageTree, trees: readonly string[], to: string): Promise<void> => {
  const { directory: root, release, headers } = found;
  const copies = new Map(trees.map((tree) => [tree, copyOfTree(tree, release)]));
  await copyTrees({ root, to, copies });
  const [top = headers] = trees;
  const copied = join(copies.get(top) ?? '', relative(top, headers));
  await redirect(join(to, copied, 'Makefile'), copies);
  const usual = `usr/src/linux-headers-${release}`;
  if (copied !== usual) await symlink(relative('usr/src', copied), join(to, usual));
};

/**
 * Copies what a guest and a module build need to the directory `to`, in the layout of Debian's packages. The
 * original may be removed later. Rejects with HOST_SPACE, KERNEL_INDEX, KERNEL_INCOMPLETE or an error of the
 * system.
 */
export const copyPackages = async (found: PackageTree, to: string, root: ToolRoot): Promise<void> => {
  const { directory, release, modules } = found;
  const trees = await headerTrees(directory, found.headers);
  const sizes = await Promise.all([modules, ...trees].map((part) => diskUsage(join(directory, part))));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  await checkSpace(`kernel ${release}`, cacheDirectory(), total * 1.2, 'XDG_CACHE_HOME');
  for (const part of ['boot', 'usr/src']) await mkdir(join(to, part), { recursive: true });
  await copyTrees({
    root: directory,
    to,
    copies: new Map([[modules, modulesIn(release)]]),
    without: notModules,
  });
  await copyFile(found.image, join(to, 'boot', `vmlinuz-${release}`));
  await copyFile(found.config, join(to, 'boot', `config-${release}`));
  await copyHeaders(found, trees, to);
  // The tool root's depmod reads no gzip.
  const packed = ['find', join(to, modulesIn(release)), '-name', '*.ko.gz', '-exec', 'gunzip', '{}', '+'];
  await runInToolRoot(root, packed, { binds: [{ path: to, writable: true }] });
  await layOut(to, release, root);
};
