// The machine options of a scenario, and the description of the machine that it gets. Pure.

import {
  kernelParameters,
  memoryParameters,
  processorParameters,
  watchdogParameters,
} from '../../images/guest/kernel-parameters.js';
import type { Disk, MachineDescription, Siblings } from '../qemu/argv.js';
import type { Sibling } from '../qemu/layout.js';
import type { Environment } from '../run/environment.js';
import { type GenerationName, generations } from '../vmmci/generations.js';
import { lastSlot, slotsOf, type VmDevices } from '../vmmci/slots.js';

export interface MachineOptions {
  /** In mebibytes (default: 192). Each size has its own machine and snapshot. */
  readonly memory?: 192 | 256 | 384 | 512 | undefined;
  /** Default 1. Each number has its own machine and snapshot. */
  readonly cpus?: 1 | 2 | undefined;
  /**
   * `qemu` (default): the function is plugged into QEMU's PC. `vmd`: the generation's other devices are in
   * the slots before the function, as on vmd; there is no data disk, and nothing can be plugged in or
   * unplugged.
   */
  readonly layout?: 'qemu' | 'vmd' | undefined;
  /**
   * `ioapic` (default): as vmd from OpenBSD 8.0 on. `pic`: the guest uses the two 8259A, as on vmd before
   * that.
   */
  readonly interrupts?: 'ioapic' | 'pic' | undefined;
  /** True if the driver is instrumented. */
  readonly coverage?: boolean | undefined;
  /** The devices in the vm.conf(5) of the VM, for the layout `vmd`. */
  readonly devices?: VmDevices | undefined;
}

/** With these the function is at 00:05.0, the same address as on QEMU's PC. */
const usualDevices: VmDevices = { networks: 1, disks: 1, cdrom: true };

/**
 * The devices before the function; undefined for the layout `qemu`. Throws if vmd has no slot left for the
 * function.
 */
export const siblingsOf = (
  { layout, devices = usualDevices }: Pick<MachineOptions, 'layout' | 'devices'>,
  name: GenerationName,
): Siblings | undefined => {
  if (layout !== 'vmd') return undefined;
  const generation = generations[name];
  const { virtio, msix } = generation.siblings;
  const functionSlot = slotsOf(generation, devices).find(({ device }) => device === 'vmmci')?.slot;
  if (functionSlot === undefined)
    throw new Error(`vmd has ${lastSlot} slots, and these devices take all of them`);
  const others = slotsOf(generation, devices).flatMap(({ device, slot }): Sibling[] =>
    device === 'vmmci' ? [] : [{ device, slot }],
  );
  return { devices: others, functionSlot, virtio, msix };
};

/**
 * Enough for each kernel of the table, and with it a guest takes less than 400 MB including QEMU and Node.
 */
const memoryMiB = 192;

const interruptParameters = { ioapic: [], pic: ['noapic'] } as const;

/**
 * The machine of a scenario. All scenarios with the same options share its snapshot. It boots the kernel's
 * compressed image.
 */
export const machineOf = (
  {
    accelerator,
    kernel,
    initramfs,
    slowness,
    choice,
  }: Pick<Environment, 'accelerator' | 'kernel' | 'initramfs' | 'slowness' | 'choice'>,
  disks: readonly Disk[],
  { memory = memoryMiB, cpus = 1, interrupts = 'ioapic', coverage = false }: MachineOptions = {},
  siblings?: Siblings,
): MachineDescription => ({
  accelerator: accelerator.name,
  memory,
  cpus,
  kernel: kernel.bootImage,
  initramfs,
  parameters: [
    ...kernelParameters,
    ...watchdogParameters(slowness),
    ...memoryParameters(slowness),
    ...processorParameters(cpus),
    ...interruptParameters[interrupts],
    ...(choice.kernelParameters?.split(' ') ?? []),
  ],
  disks,
  siblings,
  ...(coverage && { coverage }),
});

/**
 * The machine with an unpacked kernel image, for a guest that is booted in each run. Not for snapshots: a
 * guest that QEMU started through a PVH note is reset instead of waking up from suspend to memory (seen with
 * 5.10 to 7.3 on QEMU 11.1). QEMU keeps the file in memory, so its translation cache is smaller; most code of
 * a boot runs only once.
 */
export const unpacked = (
  machine: MachineDescription,
  { image }: Pick<Environment, 'image'>,
): MachineDescription => ({ ...machine, kernel: image, translationCache: 48 });
