// The kernels a driver is tried on. One row each; nothing else in the project names a kernel.

import { basename, resolve } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';

/** `debug`: built here from Debian's source, with everything that finds bugs. `own`: a directory of the caller's. */
export type Flavour = 'cloud' | 'generic' | 'debug' | 'own';

export interface KernelRow {
  /** How it is asked for: `6.12-cloud`. */
  name: string;
  series: string;
  flavour: Flavour;
  /** The Debian suite whose newest build of the series is taken; of an own kernel, how it was asked for. */
  suite: string;
  /** Of an own kernel: a build tree or an unpacked package set, absolute. */
  directory?: string | undefined;
  /** Why it is in the table. */
  why: string;
  /** What a driver meets here that the other rows do not have. */
  differs: string;
}

const series = [
  {
    series: '5.10',
    suite: 'bullseye-security',
    why: 'the oldest series that Debian still had in 2026',
    differs:
      'virtio is modular; legacy devices have no helper of their own (virtio_pci_legacy_dev came with 5.16)',
  },
  {
    series: '6.1',
    suite: 'bookworm-security',
    why: 'Debian 12',
    differs: 'virtio is modular; legacy helper present; one feature word of 64 bits',
  },
  {
    series: '6.12',
    suite: 'trixie-security',
    why: 'Debian 13, and the default',
    differs: 'virtio is built in; find_vqs takes virtqueue_info (6.11)',
  },
  {
    series: '7.2',
    suite: 'trixie-backports',
    why: 'the series before the newest, where backports still has it',
    differs: '128 feature bits in feature arrays; image split into linux-binary and linux-modules packages',
  },
  {
    series: '7.3',
    suite: 'trixie-backports',
    why: 'the newest series that Debian packages for a stable release',
    differs: 'as 7.2',
  },
] as const;

const flavours = ['cloud', 'generic'] as const;

/** Cloud kernels leave out drivers for hardware, so they are smaller and boot faster; generic ones are what most hosts run. */
const packaged: readonly KernelRow[] = series.flatMap((row) =>
  flavours.map((flavour) => ({ ...row, name: `${row.series}-${flavour}`, flavour })),
);

const debug: readonly KernelRow[] = series
  .filter(({ series }) => series === '6.12' || series === '7.3')
  .map(({ series, suite }) => ({
    name: `${series}-debug`,
    series,
    suite,
    flavour: 'debug',
    why: 'finds what an ordinary kernel survives: use after free, lock order, leaks, sleeping in atomic context',
    differs:
      'built here from linux-source with KASAN, lockdep, debug objects, kmemleak, UBSAN, fault injection and coverage; slower',
  }));

export const kernelTable: readonly KernelRow[] = [...packaged, ...debug];

/** What `all` stands for: the kernels that Debian packages. The others take a quarter of an hour to build, and are asked for by name. */
export const isInAll = ({ flavour }: KernelRow): boolean => flavour !== 'debug';

export const defaultKernelName = '6.12-cloud';

/** What a kernel that is no row of the table is asked for with, before its directory. */
export const directoryPrefix = 'dir:';

/** A row for a kernel of the caller's own; the name is fit for a directory. MISSING_VALUE for no path. */
export const directoryRow = (path: string): KernelRow => {
  if (path === '')
    throw new HarnessError('MISSING_VALUE', {
      name: `the path after ${directoryPrefix}`,
      expected: 'a directory',
    });
  const directory = resolve(path);
  const word = basename(directory).replaceAll(/[^\w.+-]/g, '_') || 'root';
  return {
    name: `dir-${word}`,
    series: 'own',
    flavour: 'own',
    suite: `${directoryPrefix}${directory}`,
    directory,
    why: 'a kernel of your own',
    differs: 'a kernel of your own',
  };
};

/** What names this row to `kernelRow`, in this process or in another one. */
export const askFor = ({ name, directory }: Pick<KernelRow, 'name' | 'directory'>): string =>
  directory === undefined ? name : `${directoryPrefix}${directory}`;

/** The row of that name, or for `dir:PATH`; UNKNOWN_NAME, naming all, if there is none. */
export const kernelRow = (name: string): KernelRow => {
  if (name.startsWith(directoryPrefix)) return directoryRow(name.slice(directoryPrefix.length));
  const row = kernelTable.find((row) => row.name === name);
  if (row) return row;
  const names = kernelTable.map((row) => row.name).join(', ');
  throw new HarnessError('UNKNOWN_NAME', {
    kind: 'kernel',
    name,
    valid: `${names}, or ${directoryPrefix}PATH for your own`,
  });
};
