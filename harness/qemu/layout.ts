// Where the PCI devices of a machine are: QEMU's own order, or that of vmd's machine. Pure.

/** PCI slots on bus 0 that mean something to both sides. */
export const slots = { function: 0x05, payload: 0x08, data: 0x09 } as const;

/** A device of vmd's machine besides the function. */
export interface Sibling {
  readonly device: 'entropy' | 'network' | 'disk' | 'cdrom';
  readonly slot: number;
}

/** The devices of vmd's machine, in the order of their slots. */
export interface Siblings {
  readonly devices: readonly Sibling[];
  /** The slot of the function, which comes after all others. */
  readonly functionSlot: number;
  /** virtio 0.9 (revision 0), or virtio 1 (revision 1). */
  readonly virtio: 'legacy' | 'modern';
  /** Whether they have MSI-X. */
  readonly msix: boolean;
}

/** Where the harness puts the payload on a machine that has no disk: a slot that no device of vmd gets. */
const payloadSlot = 0x1e;

/** As QEMU names function 0 of a slot. */
const address = (slot: number): string => `${slot.toString(16).padStart(2, '0')}.0`;

/** As Linux names function 0 of a slot on bus 0. */
export const linuxAddress = (slot: number): string => `0000:00:${address(slot)}`;

/** The slots of vmd's disks. The payload is the first; a machine without a disk has it in a slot of its own. */
export const diskSlots = ({ devices }: Siblings): number[] => {
  const found = devices.filter(({ device }) => device === 'disk').map(({ slot }) => slot);
  return found.length > 0 ? found : [payloadSlot];
};

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

/** Where the function is, as QEMU names it. */
export const functionAddress = (siblings?: Siblings): string =>
  address(siblings?.functionSlot ?? slots.function);

/** Entropy, networks and CD-ROM: they are there to be seen, and are connected to nothing. */
export const siblingArguments = (siblings: Siblings): string[] => {
  const virtio = virtioProperties(siblings);
  const device = (driver: string, slot: number, more: Readonly<Record<string, unknown>>): string[] => [
    '-device',
    JSON.stringify({ driver, bus: rootBus(siblings), addr: address(slot), ...virtio, ...more }),
  ];
  let networks = 0;
  const make: Record<Sibling['device'], (slot: number) => string[]> = {
    entropy: (slot) => device('virtio-rng-pci', slot, { id: 'entropy' }),
    network: (slot) => {
      networks += 1;
      const suffix = networks === 1 ? '' : String(networks);
      return [
        ...['-netdev', `hubport,id=wire${suffix},hubid=0`],
        ...device('virtio-net-pci', slot, {
          id: `network${suffix}`,
          netdev: `wire${suffix}`,
          mac: `fe:e1:bb:d1:00:0${networks}`,
          romfile: '',
        }),
      ];
    },
    disk: () => [], // a disk is an argument of its own, with its image
    cdrom: (slot) => [
      ...device('virtio-scsi-pci', slot, { id: 'cdrom' }),
      ...['-device', JSON.stringify({ driver: 'scsi-cd', bus: 'cdrom.0', id: 'cd' })],
    ],
  };
  return siblings.devices.flatMap(({ device, slot }) => make[device](slot));
};
