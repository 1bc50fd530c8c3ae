// The kernels that a driver is tested on, one row each. Only this file names kernels.

import { existsSync } from 'node:fs';
import { release as hostRelease } from 'node:os';
import { basename, resolve } from 'node:path';
import { HarnessError } from '../../harness/base/errors.js';
import type { Architecture } from '../packages/architecture.js';

/**
 * `rt` is PREEMPT_RT, `686` is 32-bit. `debug` is built here from Debian's source with debugging options.
 * `own` comes from a directory of the user's.
 */
export type Flavour = 'cloud' | 'generic' | 'rt' | '686' | 'debug' | 'own';

/** The last part of the names of a flavour's packages; null if the flavour is not packaged. */
export const packageEndings: Readonly<Record<Flavour, string | null>> = {
  cloud: 'cloud-amd64',
  generic: 'amd64',
  rt: 'rt-amd64',
  '686': '686',
  debug: null,
  own: null,
};

export interface KernelRow {
  /** The name on the command line: `6.12-cloud`. */
  name: string;
  series: string;
  flavour: Flavour;
  /** Not used for an own kernel, whose configuration tells. */
  architecture: Architecture;
  /**
   * The Debian suite whose newest build of the series is used. For an own kernel, the name on the command
   * line.
   */
  suite: string;
  /** For an own kernel: the absolute path of a build tree, a root file system or unpacked packages. */
  directory?: string | undefined;
  /** For an own kernel: the release to use if the directory has several, as `uname -r` prints it. */
  release?: string | undefined;
  /** Why the kernel is in the table. */
  why: string;
  /** What distinguishes the kernel from the other rows, for a driver. */
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
    why: 'the series before the newest, while backports has it',
    differs: '128 feature bits in feature arrays; image split into linux-binary and linux-modules packages',
  },
  {
    series: '7.3',
    suite: 'trixie-backports',
    why: 'the newest series that Debian packages for a stable release',
    differs: 'as 7.2',
  },
] as const;

type Series = (typeof series)[number]['series'];

const flavours = ['cloud', 'generic'] as const;

/**
 * Cloud kernels lack drivers for hardware, so they are smaller and boot faster. Most hosts run generic
 * kernels.
 */
const packaged: readonly KernelRow[] = series.flatMap((row) =>
  flavours.map((flavour) => ({ ...row, name: `${row.series}-${flavour}`, flavour, architecture: 'amd64' })),
);

/** Rows of a flavour that only some series have. */
const rowsWith = (
  flavour: Flavour,
  some: readonly Series[],
  properties: Pick<KernelRow, 'why' | 'differs'> & Partial<Pick<KernelRow, 'architecture'>>,
): KernelRow[] =>
  series
    .filter(({ series }) => some.includes(series))
    .map(({ series, suite }) => ({
      name: `${series}-${flavour}`,
      series,
      suite,
      flavour,
      architecture: 'amd64',
      ...properties,
    }));

const realTime = rowsWith('rt', ['6.1', '6.12'], {
  why: 'the driver sleeps, and is preempted, where this never happens on other kernels',
  differs: 'PREEMPT_RT: interrupt handlers run in threads, and spinlocks sleep',
});

const narrow = rowsWith('686', ['5.10', '6.1'], {
  architecture: 'i386',
  why: 'distributions also package the driver for 32-bit x86',
  differs:
    '32 bits: no 64-bit division without a helper, and long has 32 bits; guest programs are 32-bit too',
}).map((row) => ({
  ...row,
  // The point release. These kernels are here for their width, and mirrors of the security archive have been
  // seen without its i386 packages.
  suite: row.suite.replace('-security', ''),
}));

const debug: readonly KernelRow[] = rowsWith('debug', ['6.12', '7.3'], {
  why: 'finds what an ordinary kernel survives: use after free, lock order, leaks, sleeping in atomic context',
  differs:
    'built here from linux-source with KASAN, lockdep, debug objects, kmemleak, UBSAN, fault injection and coverage; slower',
});

export const kernelTable: readonly KernelRow[] = [...packaged, ...realTime, ...narrow, ...debug];

/**
 * Whether `all` includes the kernel. Debug kernels take a quarter of an hour to build, so they must be named.
 */
export const isInAll = ({ flavour }: KernelRow): boolean => flavour !== 'debug';

export const defaultKernelName = '6.12-cloud';

/** The prefix of the directory of a kernel that is not in the table. */
export const directoryPrefix = 'dir:';

/** The name of the kernel that the host runs. */
export const hostName = 'host';

const ownKernel = {
  series: 'own',
  flavour: 'own',
  architecture: 'amd64',
  why: 'a kernel of your own',
  differs: 'a kernel of your own',
} as const;

/** Splits `PATH@RELEASE`. An existing directory with an @ in its name is not split. */
const splitRelease = (path: string): { path: string; release?: string | undefined } => {
  const [, before, release] = /^(.+)@([\w.+~-]+)$/.exec(path) ?? [];
  return before === undefined || existsSync(path) ? { path } : { path: before, release };
};

/** The row of an own kernel; its name is a valid file name. Throws MISSING_VALUE if the path is empty. */
const directoryRow = (text: string): KernelRow => {
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

/** The name with which `kernelRow` finds this row, also in another process. */
export const askFor = ({ name, suite, flavour }: Pick<KernelRow, 'name' | 'suite' | 'flavour'>): string =>
  flavour === 'own' ? suite : name;

/**
 * The row for a name of the table, `dir:PATH`, `dir:PATH@RELEASE` or `host`. Throws UNKNOWN_NAME, with all
 * valid names.
 */
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
