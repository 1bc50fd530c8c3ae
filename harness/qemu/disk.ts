// A virtio-blk disk as data. Pure: no file is looked at.

export interface Disk {
  /** Node name, and the serial number that the guest sees; letters and digits. */
  name: string;
  /** PCI slot on bus 0. */
  slot: number;
  /** The image. Its size is part of what a snapshot depends on, its format and its content are not. */
  path: string;
  /** What the image is; raw when not given. The guest cannot tell. */
  format?: 'raw' | 'qcow2' | undefined;
  /** What a qcow2 is an overlay of, as its header names it. QEMU reads it. */
  base?: string | undefined;
}

/** `bus` is the root bus's name; `virtio` are further properties of the device. */
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

/** What QEMU opens for a disk. */
export const filesOfDisk = ({ path, base }: Disk): { path: string; writable: boolean }[] => [
  ...(base === undefined ? [] : [{ path: base, writable: false }]),
  { path, writable: true },
];
