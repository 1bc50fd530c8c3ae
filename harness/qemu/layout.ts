// The PCI layout of a machine: QEMU's own order, or that of vmd's machine. Pure.

/** The slots on bus 0 that both host and guest refer to. */
export const slots = { function: 0x05, payload: 0x08, data: 0x09 } as const;

/** A device of vmd's machine besides the function. */
export interface Sibling {
  readonly device: 'entropy' | 'network' | 'disk' | 'cdrom';
  readonly slot: number;
}

/** The devices of vmd's machine, in the order of their slots. */
export interface Siblings {
  readonly devices: readonly Sibling[];
  /** Slot of the function, which follows all other devices. */
  readonly functionSlot: number;
  /** virtio 0.9 (revision 0), or virtio 1 (revision 1). */
  readonly virtio: 'legacy' | 'modern';
  /** True if the devices have MSI-X. */
  readonly msix: boolean;
}

/** Slot of the payload disk on a machine without disks. No device of vmd's machine uses it. */
const payloadSlot = 0x1e;

/** QEMU's address of function 0 in a slot. */
const address = (slot: number): string => `${slot.toString(16).padStart(2, '0')}.0`;

/** Linux's address of function 0 in a slot on bus 0. */
export const linuxAddress = (slot: number): string => `0000:00:${address(slot)}`;

/**
 * The slots of the disks. The payload is the first disk; on a machine without disks it gets a separate slot.
 */
export const diskSlots = ({ devices }: Siblings): number[] => {
  const found = devices.filter(({ device }) => device === 'disk').map(({ slot }) => slot);
  return found.length > 0 ? found : [payloadSlot];
};

/** The properties of each virtio device. QEMU enables MSI-X on devices that have vectors. */
export const virtioProperties = ({ virtio, msix }: Siblings): Readonly<Record<string, unknown>> => ({
  ...(virtio === 'legacy'
    ? { 'disable-legacy': 'off', 'disable-modern': true }
    : { 'disable-legacy': 'on', 'disable-modern': false }),
  ...(msix ? {} : { vectors: 0 }),
});

/**
 * The machine type. For vmd's machine it is a Q35, because a Q35 has its bridge in slot 0x1f, where a PC with
 * PIIX3 has it in slot 1. Without SATA and SMBus, slot 0x1f has only one function, the ISA bridge.
 */
export const machineType = (siblings: Siblings | undefined): string =>
  siblings === undefined ? 'pc' : 'q35,sata=off,smbus=off';

/** The root bus. The root bus of a Q35 does not support hot-plugging. */
export const rootBus = (siblings: Siblings | undefined): string =>
  siblings === undefined ? 'pci.0' : 'pcie.0';

/** QEMU's address of the function. */
export const functionAddress = (siblings?: Siblings): string =>
  address(siblings?.functionSlot ?? slots.function);

/**
 * The arguments for the entropy, network and CD-ROM devices. The guest can see them, but they are not
 * connected to anything.
 */
export const siblingArguments = (siblings: Siblings): string[] => {
  const virtio = virtioProperties(siblings);
  const device = (driver: string, slot: number, extra: Readonly<Record<string, unknown>>): string[] => [
    '-device',
    JSON.stringify({ driver, bus: rootBus(siblings), addr: address(slot), ...virtio, ...extra }),
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
    disk: () => [], // diskArguments() makes these, because they need an image
    cdrom: (slot) => [
      ...device('virtio-scsi-pci', slot, { id: 'cdrom' }),
      ...['-device', JSON.stringify({ driver: 'scsi-cd', bus: 'cdrom.0', id: 'cd' })],
    ],
  };
  return siblings.devices.flatMap(({ device, slot }) => make[device](slot));
};
