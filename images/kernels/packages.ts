// Which packages make up a kernel: pure reading of what apt prints.

import type { KernelRow } from './table.js';

export interface Package {
  name: string;
  version: string;
}

/**
 * Matches the image package of any release of the row: `linux-image-5.10.0-39-cloud-amd64`, `linux-image-6.12.117+deb13-amd64`.
 * Neither `-unsigned` nor `-dbg`, nor the metapackages.
 */
export const imagePattern = ({ series, flavour }: Pick<KernelRow, 'series' | 'flavour'>): string =>
  `^linux-image-${series.replaceAll('.', '\\.')}(\\.[0-9]+)*([+-](deb)?[0-9]+)?${flavour === 'cloud' ? '-cloud' : ''}-amd64$`;

/** The package with the sources of a series, which is named by nothing else. */
export const sourcePackage = ({ series }: Pick<KernelRow, 'series'>): string => `linux-source-${series}`;

const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);

/** By each number in turn: 6.12.9 is before 6.12.10. */
export const compareReleases = (a: string, b: string): number => {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** The newest release among the package names that apt-cache printed (`uname -r` style); `undefined` if there is none. */
export const newestRelease = (stdout: string): string | undefined =>
  stdout
    .split('\n')
    .map((line) => /^linux-image-(\S+)/.exec(line)?.[1])
    .filter((release) => release !== undefined)
    .sort(compareReleases)
    .at(-1);

/** What a simulated installation would unpack, kernel packages only: we boot no userland of theirs. */
export const parseSimulation = (stdout: string): Package[] =>
  stdout
    .split('\n')
    .map((line) => /^Inst (linux-\S+) \((\S+) /.exec(line))
    .filter((match) => match !== null)
    .map(([, name = '', version = '']) => ({ name, version }))
    .filter(({ name }) => name !== 'linux-base');
