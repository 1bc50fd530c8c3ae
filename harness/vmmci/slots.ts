// Which PCI slot vmd gives to which device of a VM, and what goes with a slot: interrupt and I/O ports (vmd
// pci.c 1.27 … 1.42).

import type { Generation } from './generations.js';

/** By slot from 1 on; slot 0 is the host bridge, which has none. */
const IRQS = [3, 5, 6, 7, 9, 10, 11, 12, 14, 15] as const;

const BAR_STEP = 0x1000;

/** Interrupts from here on arrive at the second PIC. */
const SLAVE_PIC = 8;

/** An ordinary VM: entropy, one network, one disk, and then vmmci. */
export const DEFAULT_SLOT = 4;

export const lastSlot = IRQS.length;

/** The devices of a vm.conf(5) that come before vmmci, besides entropy, which is always there. */
export interface VmDevices {
  readonly networks: number;
  readonly disks: number;
  readonly cdrom: boolean;
}

export interface Slot {
  readonly slot: number;
  readonly device: 'entropy' | 'network' | 'disk' | 'cdrom' | 'vmmci';
  readonly irq: number;
  /** Where BAR0 begins, in I/O space. */
  readonly port: number;
}

/** The interrupt of a device in a slot, `undefined` where vmd has no such slot. */
export const irqOf = (slot: number): number | undefined => IRQS[slot - 1];

/**
 * Every device of the VM in the order of its slots. vmmci is left out where none is left for it, as in vmd
 * until 2025.
 */
export const slotsOf = ({ siblings }: Pick<Generation, 'siblings'>, vm: VmDevices): Slot[] => {
  const counts = { network: vm.networks, disk: vm.disks };
  const devices: Slot['device'][] = [
    'entropy',
    ...siblings.order.flatMap((kind) => Array.from({ length: counts[kind] }, () => kind)),
    ...(vm.cdrom ? (['cdrom'] as const) : []),
    'vmmci',
  ];
  return devices.flatMap((device, index) => {
    const irq = irqOf(index + 1);
    return irq === undefined ? [] : [{ slot: index + 1, device, irq, port: (index + 1) * BAR_STEP }];
  });
};

/** Whether the guest ever gets the interrupts of vmmci in this slot. */
export const interruptArrives = ({ slavePic }: Pick<Generation, 'slavePic'>, slot: number): boolean =>
  slavePic === 'right' || (irqOf(slot) ?? 0) < SLAVE_PIC;
