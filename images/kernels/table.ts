// The kernels a driver is tried on. One row each; nothing else in the project names a kernel.

import { existsSync } from 'node:fs';
import { release as hostRelease } from 'node:os';
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
  /** Which of several kernels in that directory, as `uname -r` prints it. */
  release?: string | undefined;
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

/** What asks for the kernel that this host runs. */
export const hostName = 'host';

const ownKernel = {
  series: 'own',
  flavour: 'own',
  why: 'a kernel of your own',
  differs: 'a kernel of your own',
} as const;

/** `PATH@RELEASE`; a directory whose own name has an @ in it is taken as it is. */
const splitRelease = (path: string): { path: string; release?: string | undefined } => {
  const [, before, release] = /^(.+)@([\w.+~-]+)$/.exec(path) ?? [];
  return before === undefined || existsSync(path) ? { path } : { path: before, release };
};

/** A row for a kernel of the caller's own; the name is fit for a directory. MISSING_VALUE for no path. */
export const directoryRow = (text: string): KernelRow => {
  const { path, release } = splitRelease(text);
  if (path === '')
    throw new HarnessError('MISSING_VALUE', { name: directoryPrefix, expected: 'a path after it' });
  const directory = resolve(path);
  const word = `${basename(directory) || 'root'}${release === undefined ? '' : `-${release}`}`;
  return {
    ...ownKernel,
    name: `dir-${word.replaceAll(/[^\w.+-]/g, '_')}`,
    suite: `${directoryPrefix}${directory}${release === undefined ? '' : `@${release}`}`,
    directory,
    release,
  };
};

/** What names this row to `kernelRow`, in this process or in another one. */
export const askFor = ({ name, suite, flavour }: Pick<KernelRow, 'name' | 'suite' | 'flavour'>): string =>
  flavour === 'own' ? suite : name;

/** The row of that name, for `dir:PATH` or `dir:PATH@RELEASE`, or for `host`; UNKNOWN_NAME, naming all, if there is none. */
export const kernelRow = (name: string): KernelRow => {
  if (name.startsWith(directoryPrefix)) return directoryRow(name.slice(directoryPrefix.length));
  if (name === hostName)
    return { ...ownKernel, name: hostName, suite: hostName, directory: '/', release: hostRelease() };
  const row = kernelTable.find((row) => row.name === name);
  if (row) return row;
  const names = kernelTable.map((row) => row.name).join(', ');
  throw new HarnessError('UNKNOWN_NAME', {
    kind: 'kernel',
    name,
    valid: `${names}, ${hostName}, or ${directoryPrefix}PATH for your own`,
  });
};
