// The kernel options that a scenario needs in addition to those of every guest (images/kernels/config.ts). On
// a kernel without them the scenario is skipped, because it would prove nothing about the driver.

import { readFile } from 'node:fs/promises';
import { HarnessError } from '../base/errors.js';
import type { Environment } from '../run/environment.js';

/** Each option with the reason why a scenario needs it. The option may be built in or a module. */
const reasons = {
  BLK_DEV_SR: "vmd's machine has a CD-ROM drive",
  DEBUG_KMEMLEAK: 'the scenario looks for leaked memory',
  DEBUG_SHIRQ: 'the kernel calls the handler of an interrupt that is freed',
  DEVMEM: 'the scenario accesses registers through /dev/mem',
  FAILSLAB: 'the scenario makes allocations fail',
  FAULT_INJECTION_STACKTRACE_FILTER: 'the scenario makes only allocations of the driver fail',
  EVENT_TRACING: 'the kernel reports what is allocated and freed',
  HIBERNATION: 'the guest freezes its devices as for hibernation',
  HW_RANDOM_VIRTIO: "vmd's machine has an entropy device",
  KPROBE_EVENTS: 'the kernel reports to which times the clock is set',
  KPROBES: 'a call of the driver into the kernel is made to fail',
  PCI_MSI: 'without it the disks share the interrupt line of the function',
  PTP_1588_CLOCK: 'the driver registers a PTP clock',
  SCSI_VIRTIO: "vmd's machine has a SCSI host for its CD-ROM drive",
  SMP: 'the guest has two CPUs',
  SUSPEND: 'the guest is suspended to memory',
  UIO_PCI_GENERIC: 'the scenario binds the device to a driver that only counts interrupts',
  VIRTIO_NET: "vmd's machine has a network device",
} as const;

export type KernelOption = keyof typeof reasons;

const vmdMachine: readonly KernelOption[] = ['HW_RANDOM_VIRTIO', 'VIRTIO_NET', 'SCSI_VIRTIO', 'BLK_DEV_SR'];

interface KernelNeeds {
  readonly cpus?: number;
  readonly layout?: 'qemu' | 'vmd';
  readonly needs?: readonly KernelOption[];
}

export const neededOptions = ({ cpus = 1, layout, needs = [] }: KernelNeeds): KernelOption[] => [
  ...(cpus > 1 ? (['SMP'] as const) : []),
  ...(layout === 'vmd' ? vmdMachine : []),
  ...needs,
];

/** The options that the kernel configuration `config` sets neither to `y` nor to `m`. */
export const missingOptions = (config: string, options: readonly KernelOption[]): KernelOption[] => {
  const set = new Set([...config.matchAll(/^CONFIG_(\w+)=[ym]$/gm)].map(([, name = '']) => name));
  return options.filter((option) => !set.has(option));
};

/** Resolves with true if the kernel was built with the option. */
export const hasOption = async (
  { kernel }: Pick<Environment, 'kernel'>,
  option: KernelOption,
): Promise<boolean> => missingOptions(await readFile(kernel.config, 'utf8'), [option]).length === 0;

/** The error of a kernel without these options: KERNEL_LACKS, which skips a scenario. */
export const kernelLacks = (release: string, missing: readonly KernelOption[]): HarnessError => {
  const list = missing.map((option) => `CONFIG_${option} (${reasons[option]})`).join(', ');
  return new HarnessError('KERNEL_LACKS', { release, reason: `built without ${list}` });
};

/**
 * Rejects with KERNEL_LACKS, which skips the scenario, if the kernel does not have the options that it needs.
 */
export const requireKernel = async (
  { kernel }: Pick<Environment, 'kernel'>,
  scenario: KernelNeeds,
): Promise<void> => {
  const needed = neededOptions(scenario);
  if (needed.length === 0) return;
  const missing = missingOptions(await readFile(kernel.config, 'utf8'), needed);
  if (missing.length > 0) throw kernelLacks(kernel.release, missing);
};
