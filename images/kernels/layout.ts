// Rearranges a kernel's unpacked packages so that the tree can be in any directory.

import { mkdir, rename, rm, stat, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import { ifExists, namesIn, targetOf } from '../../harness/base/if-exists.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { indexModules } from './index-modules.js';

/** Increase it when the layout changes. Trees of another layout version are fetched again. */
export const layoutVersion = 1;

/** Debian 11 and 12 have files in /lib/modules and in /usr/lib/…. Moves all of them to usr/lib. */
const mergeLib = async (tree: string): Promise<void> => {
  await mkdir(join(tree, 'usr/lib'), { recursive: true });
  for (const name of await namesIn(join(tree, 'lib'))) {
    await rename(join(tree, 'lib', name), join(tree, 'usr/lib', name));
  }
  await rm(join(tree, 'lib'), { recursive: true, force: true });
};

/**
 * The header trees link to /usr/lib/linux-kbuild-… and include /usr/src/linux-headers-…/Makefile. Moves the
 * former to usr/src, so that a build needs only one directory, bound to /usr/src. The path of the cache may
 * then contain spaces, which make cannot handle.
 */
const gatherSources = async (tree: string): Promise<void> => {
  const sources = join(tree, 'usr/src');
  for (const name of await namesIn(join(tree, 'usr/lib'))) {
    if (!name.startsWith('linux-kbuild-')) continue;
    await rm(join(sources, name), { force: true });
    await rename(join(tree, 'usr/lib', name), join(sources, name));
  }
  for (const name of await namesIn(sources)) {
    for (const link of ['scripts', 'tools']) {
      const path = join(sources, name, link);
      const target = await targetOf(path);
      const kbuild = target === undefined ? undefined : /linux-kbuild-[^/]+/.exec(target)?.[0];
      if (kbuild === undefined) continue;
      await unlink(path);
      await symlink(`../${kbuild}/${link}`, path);
    }
  }
};

/**
 * Since 7.2 the packages have image and configuration beside the modules, and a maintainer script copies them
 * to /boot.
 */
const gatherBoot = async (tree: string, release: string): Promise<void> => {
  const modules = join(tree, 'usr/lib/modules', release);
  await mkdir(join(tree, 'boot'), { recursive: true });
  for (const name of await namesIn(modules)) {
    if (!['vmlinuz', 'config', 'System.map'].includes(name)) continue;
    await rename(join(modules, name), join(tree, 'boot', `${name}-${release}`));
  }
};

const kept = new Set(['lib', 'src']);

/**
 * Rearranges `tree` and runs depmod, as the image's maintainer script would. Rejects with KERNEL_INCOMPLETE
 * if a file that guests or builds need is missing.
 */
export const layOut = async (tree: string, release: string, root: ToolRoot): Promise<void> => {
  await mergeLib(tree);
  await gatherSources(tree);
  await gatherBoot(tree, release);
  for (const name of await namesIn(join(tree, 'usr'))) {
    if (!kept.has(name)) await rm(join(tree, 'usr', name), { recursive: true });
  }
  await indexModules(tree, release, root);
  const expected = [
    `boot/vmlinuz-${release}`,
    `boot/config-${release}`,
    `usr/lib/modules/${release}/modules.dep`,
    `usr/src/linux-headers-${release}/Module.symvers`,
    `usr/src/linux-headers-${release}/scripts/mod/modpost`,
  ];
  for (const path of expected) {
    const found = await ifExists(stat(join(tree, path)));
    if (found === undefined || found.size === 0)
      throw new HarnessError('KERNEL_INCOMPLETE', { release, path });
  }
};
