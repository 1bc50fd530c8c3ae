// The kernels a driver is tried on. One row each; nothing else in the project names a kernel.

import { HarnessError } from '../../harness/errors.js';

export type Flavour = 'cloud' | 'generic';

export interface KernelRow {
  /** How it is asked for: `6.12-cloud`. */
  name: string;
  series: string;
  flavour: Flavour;
  /** The Debian suite whose newest build of the series is taken. */
  suite: string;
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
export const kernelTable: readonly KernelRow[] = series.flatMap((row) =>
  flavours.map((flavour) => ({ ...row, name: `${row.series}-${flavour}`, flavour })),
);

export const defaultKernelName = '6.12-cloud';

/** The row of that name; USAGE, naming all, if there is none. */
export const kernelRow = (name: string): KernelRow => {
  const row = kernelTable.find((row) => row.name === name);
  if (row) return row;
  throw new HarnessError('USAGE', {
    reason: `there is no kernel '${name}'; kernels: ${kernelTable.map((row) => row.name).join(', ')}`,
  });
};
