// The 256 bytes of PCI configuration space as vmd keeps them for vmmci: plain storage, whatever a register
// means. QEMU reads identity and BAR type from here and answers BARs itself; it forwards every other access
// with offset and width.

import type { Generation } from '../vmmci/generations.js';
import { BAR_SIZE } from '../vmmci/registers.js';

export const CONFIG_SPACE_SIZE = 256;

/**
 * The end of the standard header. After it vmd shows 0; until 2023 it showed its own memory, which is not
 * emulated.
 */
const HEADER_END = 0x40;

const INTERRUPT_PIN = 0x3d;

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
  { offset: INTERRUPT_PIN, size: 1, value: 0x01 }, // INTA
] as const;

/**
 * Bits that a guest cannot change. All others are stored, even identity and interrupt pin (vmd pci.c 1.16 …
 * 1.42).
 */
const fixed = [
  { offset: 0x10, size: 4, value: BAR_SIZE - 1 }, // BAR0 below its size
  ...[0x14, 0x18, 0x1c, 0x20, 0x24].map((offset) => ({ offset, size: 4, value: 0xffff_ffff })), // BARs that do not exist
  { offset: 0x30, size: 4, value: 0xffff_ffff }, // the ROM does not exist either
];

const bytesOf = (fields: readonly { offset: number; size: number; value: number }[]): Buffer => {
  const bytes = Buffer.alloc(CONFIG_SPACE_SIZE);
  for (const { offset, size, value } of fields) bytes.writeUIntLE(value, offset, size);
  return bytes;
};

const cold = bytesOf(header);
const readOnly = bytesOf(fixed).fill(0xff, HEADER_END);

/** The fields of a generation that affect accesses. */
export type ConfigRules = Pick<Generation, 'configWrites' | 'configByteReads'>;

/** The caller checks offsets and lengths against CONFIG_SPACE_SIZE. */
export class ConfigSpace {
  readonly #bytes = Buffer.from(cold);
  readonly #rules: ConfigRules;

  constructor(rules: ConfigRules) {
    this.#rules = rules;
  }

  get interruptPin(): number {
    return this.#bytes[INTERRUPT_PIN] ?? 0;
  }

  read(offset: number, count: number): Buffer {
    const dword = offset & ~3;
    // The pin is read without the shift: a guest with ACPI uses it to route the interrupt, and vmd had no
    // ACPI then.
    if (count === 1 && this.#rules.configByteReads === 'shifted-by-3n' && offset !== INTERRUPT_PIN)
      return Buffer.of((this.#bytes.readUInt32LE(dword) >>> (3 * (offset & 3))) & 0xff);
    return Buffer.from(this.#bytes.subarray(offset, offset + count));
  }

  write(offset: number, data: Buffer): void {
    const start = data.length < 4 && this.#rules.configWrites === 'low-bytes' ? offset & ~3 : offset;
    for (const [at, byte] of data.entries()) {
      const kept = readOnly[start + at] ?? 0xff;
      const old = this.#bytes[start + at] ?? 0;
      this.#bytes[start + at] = (old & kept) | (byte & ~kept);
    }
  }

  reset(): void {
    cold.copy(this.#bytes);
  }
}
