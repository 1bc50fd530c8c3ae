// The PCI slots that vmd assigns to the devices of a VM, with their interrupts and I/O ports (vmd pci.c 1.27
// … 1.42).

import type { Generation } from './generations.js';

/** The interrupts of the slots from 1 on. Slot 0 is the host bridge, which has none. */
const IRQS = [3, 5, 6, 7, 9, 10, 11, 12, 14, 15] as const;

const BAR_STEP = 0x1000;

/** The first interrupt of the second PIC. */
const SLAVE_PIC = 8;

/** The slot of vmmci in an ordinary VM: after entropy, one network and one disk. */
export const defaultSlot = 4;

export const lastSlot = IRQS.length;

/** The devices of a vm.conf(5) that come before vmmci, besides entropy, which is always present. */
export interface VmDevices {
  readonly networks: number;
  readonly disks: number;
  readonly cdrom: boolean;
}

export interface Slot {
  readonly slot: number;
  readonly device: 'entropy' | 'network' | 'disk' | 'cdrom' | 'vmmci';
  readonly irq: number;
  /** The I/O port where BAR0 starts. */
  readonly port: number;
}

/** The interrupt of a slot; `undefined` if vmd has no such slot. */
const irqOf = (slot: number): number | undefined => IRQS[slot - 1];

/**
 * All devices of the VM in slot order. If there is no slot left for vmmci, it is missing, as in vmd until
 * 2025.
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

/** True if the guest receives the interrupts of vmmci in this slot. */
export const interruptArrives = ({ slavePic }: Pick<Generation, 'slavePic'>, slot: number): boolean =>
  slavePic === 'right' || (irqOf(slot) ?? 0) < SLAVE_PIC;
