// Finds, downloads and unpacks the packages of one kernel.

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import type { Apt } from './apt.js';
import { imagePattern, newestRelease, type Package, parseSimulation } from './packages.js';
import type { KernelRow } from './table.js';

export interface Resolved {
  /** As `uname -r` prints it. */
  release: string;
  /** The Debian version of the image package. It can change while the release stays the same. */
  version: string;
  packages: readonly Package[];
}

/** The row's newest release in its suite, with all its packages. KERNEL_FETCH if the suite has none. */
export const resolveKernel = async (row: KernelRow, apt: Apt): Promise<Resolved> => {
  await apt.run(['apt-get', '--error-on=any', 'update']);
  const found = await apt.run(['apt-cache', 'search', '--names-only', imagePattern(row)]);
  const release = newestRelease(found);
  if (release === undefined) {
    throw new HarnessError('KERNEL_FETCH', {
      what: `kernel ${row.name}`,
      suite: row.suite,
      reason: `the suite has no package linux-image-${row.series}… of the ${row.flavour} flavour; it may have been removed`,
    });
  }
  // Since 7.2 the image package only depends on linux-binary-… and linux-modules-…, which apt resolves.
  const wanted = [`linux-image-${release}`, `linux-headers-${release}`];
  const plan = await apt.run(['apt-get', 'install', '--simulate', '--no-install-recommends', ...wanted]);
  const packages = parseSimulation(plan);
  const version = packages.find(({ name }) => name === wanted[0])?.version;
  if (version === undefined) {
    throw new HarnessError('KERNEL_FETCH', {
      what: `kernel ${row.name}`,
      suite: row.suite,
      reason: `apt would not install ${wanted[0]}: ${plan.split('\n').at(-1)}`,
    });
  }
  return { release, version, packages };
};

/**
 * Downloads to `debs` (apt checks sizes and hashes) and unpacks to `tree` without running maintainer scripts.
 */
export const unpackKernel = async (
  { packages }: Resolved,
  { apt, root, debs, tree }: { apt: Apt; root: ToolRoot; debs: string; tree: string },
): Promise<void> => {
  await mkdir(debs);
  await mkdir(tree);
  const wanted = packages.map(({ name, version }) => `${name}=${version}`);
  await apt.run(['apt-get', 'download', ...wanted], debs);
  const binds = [{ path: debs }, { path: tree, writable: true }];
  for (const deb of (await readdir(debs)).sort()) {
    await runInToolRoot(root, ['dpkg-deb', '-x', join(debs, deb), tree], { binds });
  }
};
