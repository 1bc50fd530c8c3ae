// Where the PCI devices of a machine are: QEMU's own order, or that of vmd's machine. Pure.

/** PCI slots on bus 0 that mean something to both sides. */
export const slots = { function: 0x05, payload: 0x08, data: 0x09 } as const;

/** The devices in front of the function on vmd's machine; the entropy device is always the first, the CD-ROM the last. */
export interface Siblings {
  /** What is in slots 2 and 3. */
  readonly order: readonly ['network', 'disk'] | readonly ['disk', 'network'];
  /** virtio 0.9 (revision 0), or virtio 1 (revision 1). */
  readonly virtio: 'legacy' | 'modern';
  /** Whether they have MSI-X. */
  readonly msix: boolean;
}

/** As QEMU names function 0 of a slot. */
const address = (slot: number): string => `${slot.toString(16).padStart(2, '0')}.0`;

/** As Linux names function 0 of a slot on bus 0. */
export const linuxAddress = (slot: number): string => `0000:00:${address(slot)}`;

const entropySlot = 1;
const firstOfOrder = 2;
const cdromSlot = 4;

/** The slot of vmd's disk, or of its network device. */
export const siblingSlot = ({ order }: Siblings, which: 'network' | 'disk'): number =>
  firstOfOrder + order.indexOf(which);

/** Properties of each virtio device. QEMU gives MSI-X to those with vectors. */
export const virtioProperties = ({ virtio, msix }: Siblings): Readonly<Record<string, unknown>> => ({
  ...(virtio === 'legacy'
    ? { 'disable-legacy': 'off', 'disable-modern': true }
    : { 'disable-legacy': 'on', 'disable-modern': false }),
  ...(msix ? {} : { vectors: 0 }),
});

/**
 * The machine type. vmd's machine is a Q35: its bridge and what comes with it are in slot 0x1f, where a PC with PIIX3 has them in
 * slot 1. Without SATA and SMBus that is one function, the ISA bridge.
 */
export const machineType = (siblings: Siblings | undefined): string =>
  siblings === undefined ? 'pc' : 'q35,sata=off,smbus=off';

/** The root bus. Nothing can be plugged into that of a Q35 while it runs. */
export const rootBus = (siblings: Siblings | undefined): string =>
  siblings === undefined ? 'pci.0' : 'pcie.0';

/** Where the function is, in either layout. */
export const functionAddress = address(slots.function);

/** Entropy, network and CD-ROM: they are there to be seen, and are connected to nothing. */
export const siblingArguments = (siblings: Siblings): string[] => {
  const virtio = virtioProperties(siblings);
  const device = (driver: string, slot: number, more: Readonly<Record<string, unknown>>): string[] => [
    '-device',
    JSON.stringify({ driver, bus: rootBus(siblings), addr: address(slot), ...virtio, ...more }),
  ];
  return [
    ...device('virtio-rng-pci', entropySlot, { id: 'entropy' }),
    ...['-netdev', 'hubport,id=wire,hubid=0'],
    ...device('virtio-net-pci', siblingSlot(siblings, 'network'), {
      id: 'network',
      netdev: 'wire',
      mac: 'fe:e1:bb:d1:00:01',
      romfile: '',
    }),
    ...device('virtio-scsi-pci', cdromSlot, { id: 'cdrom' }),
    ...['-device', JSON.stringify({ driver: 'scsi-cd', bus: 'cdrom.0', id: 'cd' })],
  ];
};
