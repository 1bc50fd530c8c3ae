// The 256 bytes of PCI configuration space as vmd fills them for vmmci, in every generation. QEMU takes identity and
// BAR type from here and emulates the rest itself (BAR sizing and moving, interrupt line, quirks of sub-dword writes),
// so only storage that a guest could miss is writable.

import { BAR_SIZE } from '../vmmci/registers.js';

export const CONFIG_SPACE_SIZE = 256;

/** Initial values, little-endian (vmd virtio.c 1.54 … 1.153, pci.c 1.27 … 1.42). All other bytes are 0. */
const header = [
  { offset: 0x00, size: 2, value: 0x0b5d }, // vendor: OpenBSD
  { offset: 0x02, size: 2, value: 0x0777 }, // device: VMM control
  { offset: 0x08, size: 1, value: 0x00 }, // revision: legacy virtio
  { offset: 0x0a, size: 1, value: 0x80 }, // subclass: other
  { offset: 0x0b, size: 1, value: 0x07 }, // class: communications
  { offset: 0x10, size: 4, value: 0x00000001 }, // BAR0: I/O ports, no address yet
  { offset: 0x2c, size: 2, value: 0x0b5d }, // subsystem vendor
  { offset: 0x2e, size: 2, value: 0xffff }, // subsystem: vmd's private virtio id
  { offset: 0x3d, size: 1, value: 0x01 }, // interrupt pin: INTA
] as const;

/** Which bits a guest may change. Command is plain storage: vmd enforces none of its bits. */
const writable = [
  { offset: 0x04, size: 2, value: 0xffff }, // command
  { offset: 0x0c, size: 2, value: 0xffff }, // cache line size, latency timer
  { offset: 0x10, size: 4, value: 2 ** 32 - BAR_SIZE }, // BAR0: the address above its size
  { offset: 0x3c, size: 1, value: 0xff }, // interrupt line
] as const;

const bytesOf = (fields: readonly { offset: number; size: number; value: number }[]): Buffer => {
  const bytes = Buffer.alloc(CONFIG_SPACE_SIZE);
  for (const { offset, size, value } of fields) bytes.writeUIntLE(value, offset, size);
  return bytes;
};

const cold = bytesOf(header);
const mask = bytesOf(writable);

/** Offsets and lengths are the caller's to check against CONFIG_SPACE_SIZE. */
export class ConfigSpace {
  readonly #bytes = Buffer.from(cold);

  read(offset: number, count: number): Buffer {
    return Buffer.from(this.#bytes.subarray(offset, offset + count));
  }

  write(offset: number, data: Buffer): void {
    for (const [at, byte] of data.entries()) {
      const allowed = mask[offset + at] ?? 0;
      const old = this.#bytes[offset + at] ?? 0;
      this.#bytes[offset + at] = (old & ~allowed) | (byte & allowed);
    }
  }

  reset(): void {
    cold.copy(this.#bytes);
  }
}
