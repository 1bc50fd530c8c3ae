// Describes a virtio-blk disk as data. Pure: reads no files.

export interface Disk {
  /** Node name, and the serial number that the guest sees. Letters and digits only. */
  name: string;
  /** PCI slot on bus 0. */
  slot: number;
  /** Path of the image. A snapshot depends on the image's size, but not on its format or content. */
  path: string;
  /** Format of the image (default: raw). The guest cannot tell the difference. */
  format?: 'raw' | 'qcow2' | undefined;
  /** Base image of a qcow2 overlay, as named in its header. QEMU reads it. */
  base?: string | undefined;
}

/**
 * The arguments for one disk. `bus` is the name of the root bus; `virtio` has additional properties of the
 * device.
 */
export const diskArguments = (
  { name, slot, path, format = 'raw' }: Disk,
  bus: string,
  virtio: Readonly<Record<string, unknown>> = {},
): string[] => [
  '-blockdev',
  JSON.stringify({ driver: format, 'node-name': name, file: { driver: 'file', filename: path } }),
  '-device',
  JSON.stringify({
    driver: 'virtio-blk-pci',
    id: `${name}-disk`,
    bus,
    addr: `${slot.toString(16).padStart(2, '0')}.0`,
    drive: name,
    serial: name,
    ...virtio,
  }),
];

/** The files that QEMU opens for a disk. */
export const filesOfDisk = ({ path, base }: Disk): { path: string; writable: boolean }[] => [
  ...(base === undefined ? [] : [{ path: base, writable: false }]),
  { path, writable: true },
];
