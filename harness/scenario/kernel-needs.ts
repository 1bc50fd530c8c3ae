// What a scenario needs of a kernel beyond what every guest needs (images/kernels/config.ts). A kernel without it proves nothing
// about the driver, so the scenario is skipped.

import { readFile } from 'node:fs/promises';
import { HarnessError } from '../base/errors.js';
import type { Environment } from '../run/environment.js';

/** Each option with the reason why a scenario needs it. A module does as well as what is built in. */
const reasons = {
  BLK_DEV_SR: "vmd's machine has a CD-ROM drive",
  DEBUG_KMEMLEAK: 'memory that is lost is looked for',
  DEVMEM: 'registers are accessed through /dev/mem',
  FAILSLAB: 'allocations are made to fail',
  FAULT_INJECTION_STACKTRACE_FILTER: 'only allocations of the driver are made to fail',
  EVENT_TRACING: 'the kernel reports what is allocated and freed',
  HIBERNATION: 'the guest sleeps as in a hibernation',
  HW_RANDOM_VIRTIO: "vmd's machine has an entropy device",
  PCI_MSI: 'without it the disks share the interrupt line of the function',
  PTP_1588_CLOCK: 'the driver registers a PTP clock',
  SCSI_VIRTIO: "vmd's machine has a SCSI host for its CD-ROM drive",
  SMP: 'the guest has two CPUs',
  SUSPEND: 'the guest is suspended to memory',
  UIO_PCI_GENERIC: 'a driver that only counts interrupts has the device',
  VIRTIO_NET: "vmd's machine has a network device",
} as const;

export type KernelOption = keyof typeof reasons;

const vmdMachine: readonly KernelOption[] = ['HW_RANDOM_VIRTIO', 'VIRTIO_NET', 'SCSI_VIRTIO', 'BLK_DEV_SR'];

interface Wanted {
  readonly cpus?: number;
  readonly layout?: 'qemu' | 'vmd';
  readonly needs?: readonly KernelOption[];
}

export const neededOptions = ({ cpus = 1, layout, needs = [] }: Wanted): KernelOption[] => [
  ...(cpus > 1 ? (['SMP'] as const) : []),
  ...(layout === 'vmd' ? vmdMachine : []),
  ...needs,
];

/** Those that the text of a kernel configuration sets neither to `y` nor to `m`. */
export const missingOptions = (config: string, options: readonly KernelOption[]): KernelOption[] => {
  const set = new Set([...config.matchAll(/^CONFIG_(\w+)=[ym]$/gm)].map(([, name = '']) => name));
  return options.filter((option) => !set.has(option));
};

/** Whether the kernel was built with the option. */
export const hasOption = async (
  { kernel }: Pick<Environment, 'kernel'>,
  option: KernelOption,
): Promise<boolean> => missingOptions(await readFile(kernel.config, 'utf8'), [option]).length === 0;

/** KERNEL_LACKS, and so a scenario that is skipped, where the kernel lacks what the scenario needs. */
export const requireKernel = async (
  { kernel }: Pick<Environment, 'kernel'>,
  scenario: Wanted,
): Promise<void> => {
  const needed = neededOptions(scenario);
  if (needed.length === 0) return;
  const missing = missingOptions(await readFile(kernel.config, 'utf8'), needed);
  if (missing.length === 0) return;
  const list = missing.map((option) => `CONFIG_${option} (${reasons[option]})`).join(', ');
  throw new HarnessError('KERNEL_LACKS', { release: kernel.release, reason: `built without ${list}` });
};
