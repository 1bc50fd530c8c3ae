// Parses apt's output for the packages of a kernel. Pure.

import type { Package } from '../packages/unpack.js';
import { type KernelRow, packageEndings } from './table.js';

/**
 * A pattern of the image packages of the row's releases: `linux-image-5.10.0-39-cloud-amd64`,
 * `linux-image-6.12.117+deb13-amd64`. It does not match `-unsigned`, `-dbg` and metapackages.
 */
export const imagePattern = ({ series, flavour }: Pick<KernelRow, 'series' | 'flavour'>): string =>
  `^linux-image-${series.replaceAll('.', '\\.')}(\\.[0-9]+)*([+-](deb)?[0-9]+)?-${packageEndings[flavour]}$`;

/** The name of the package with the sources of a series. */
export const sourcePackage = ({ series }: Pick<KernelRow, 'series'>): string => `linux-source-${series}`;

const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);

/** Compares releases number by number, so 6.12.9 is before 6.12.10. */
export const compareReleases = (a: string, b: string): number => {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
};

/**
 * The newest release, as `uname -r` prints it, among the packages that apt-cache printed; `undefined` if
 * none.
 */
export const newestRelease = (stdout: string): string | undefined =>
  stdout
    .split('\n')
    .map((line) => /^linux-image-(\S+)/.exec(line)?.[1])
    .filter((release) => release !== undefined)
    .sort(compareReleases)
    .at(-1);

/**
 * The kernel's own packages among those that apt would install. Guests do not use the kernel's userland
 * packages.
 */
export const kernelPackages = (packages: readonly Package[]): Package[] =>
  packages.filter(({ name }) => name.startsWith('linux-') && name !== 'linux-base');
