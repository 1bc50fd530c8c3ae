// Finds the packages of one kernel in the archive.

import { HarnessError } from '../../harness/base/errors.js';
import type { Apt } from '../packages/apt.js';
import { type Package, resolvePackages } from '../packages/unpack.js';
import { imagePattern, kernelPackages, newestRelease } from './packages.js';
import type { KernelRow } from './table.js';

export interface Resolved {
  /** As `uname -r` prints it. */
  release: string;
  /** The Debian version of the image package. It can change while the release stays the same. */
  version: string;
  packages: readonly Package[];
}

/**
 * The row's newest release in its suite, with all its packages. Rejects with KERNEL_FETCH if the suite has
 * none.
 */
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
  const suffix = row.architecture === 'amd64' ? '' : `:${row.architecture}`;
  const wanted = [`linux-image-${release}${suffix}`, `linux-headers-${release}${suffix}`];
  const packages = kernelPackages(await resolvePackages(apt, wanted));
  const version = packages.find(({ name }) => name === wanted[0])?.version;
  if (version === undefined) {
    throw new HarnessError('KERNEL_FETCH', {
      what: `kernel ${row.name}`,
      suite: row.suite,
      reason: `apt would not install ${wanted[0]}`,
    });
  }
  return { release, version, packages };
};
