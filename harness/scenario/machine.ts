// What a scenario may ask of its machine, and the machine that it gets. Pure.
import {
  kernelParameters,
  memoryParameters,
  watchdogParameters,
} from '../../images/guest/kernel-parameters.js';
import type { Disk, MachineDescription, Siblings } from '../qemu/argv.js';
import type { Sibling } from '../qemu/layout.js';
import type { Environment } from '../run/environment.js';
import { type GenerationName, generations } from '../vmmci/generations.js';
import { lastSlot, slotsOf, type VmDevices } from '../vmmci/slots.js';

export interface MachineOptions {
  /** Default 1. Each number is a machine, and a snapshot, of its own. */
  readonly cpus?: 1 | 2 | undefined;
  /**
   * `qemu` (default): the function is plugged into QEMU's PC. `vmd`: the VM's other devices are in vmd's slots in front of it, as the
   * generation has them; without a data disk, and nothing can be plugged in or pulled out.
   */
  readonly layout?: 'qemu' | 'vmd' | undefined;
  /** `ioapic` (default), as vmd has one from 8.0 on; `pic`: the guest uses the two 8259A, which is all that vmd had before. */
  readonly interrupts?: 'ioapic' | 'pic' | undefined;
  /** The driver is instrumented. */
  readonly coverage?: boolean | undefined;
  /** Of `vmd`: what the vm.conf(5) of the VM has. */
  readonly devices?: VmDevices | undefined;
}

/** With all of them the function is at 00:05.0, where it is on QEMU's PC. */
const usualDevices: VmDevices = { networks: 1, disks: 1, cdrom: true };

/** What is in front of the function; undefined where the machine is QEMU's. Throws where vmd has no slot left for the function. */
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

/** Plenty for each kernel of the table, and little enough that a guest takes less than 400 MB with QEMU and Node. */
const memoryMiB = 192;

const interruptParameters = { ioapic: [], pic: ['noapic'] } as const;

/** The machine of a scenario. All scenarios with the same options share its snapshot. It has the kernel's own image, which unpacks itself. */
export const machineOf = (
  {
    accelerator,
    kernel,
    initramfs,
    slowness,
    choice,
  }: Pick<Environment, 'accelerator' | 'kernel' | 'initramfs' | 'slowness' | 'choice'>,
  disks: readonly Disk[],
  { cpus = 1, interrupts = 'ioapic', coverage = false }: MachineOptions = {},
  siblings?: Siblings,
): MachineDescription => ({
  accelerator: accelerator.name,
  memory: memoryMiB,
  cpus,
  kernel: kernel.bootImage,
  initramfs,
  parameters: [
    ...kernelParameters,
    ...watchdogParameters(slowness),
    ...memoryParameters(slowness),
    ...interruptParameters[interrupts],
    ...(choice.kernelParameters?.split(' ') ?? []),
  ],
  disks,
  siblings,
  ...(coverage && { coverage }),
});

/**
 * The same for a boot whose costs each run pays: the kernel is there unpacked. Not for snapshots: a guest that QEMU has started through
 * a PVH note does not wake up from suspend to memory, it is reset (seen with 5.10 to 7.3 on QEMU 11.1). QEMU keeps the file in memory, so
 * that less is left for the code that it translates; of a boot's most runs once.
 */
export const unpacked = (
  machine: MachineDescription,
  { image }: Pick<Environment, 'image'>,
): MachineDescription => ({ ...machine, kernel: image, translationCache: 48 });
