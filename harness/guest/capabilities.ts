// Reads the capability list in PCI configuration space (PCI Local Bus Specification 3.0, 6.7).

/**
 * Offset of the status register, its bit for a capability list, and the offset of the pointer to the first
 * capability.
 */
const STATUS = 0x06;
const STATUS_CAPABILITY_LIST = 0x10;
const CAPABILITY_POINTER = 0x34;

/** The two low bits of a pointer are reserved. */
const POINTER_MASK = 0xfc;

export const capability = { vendorSpecific: 0x09, msix: 0x11 } as const;

export interface Capability {
  readonly id: number;
  /** Offset in configuration space, in bytes. */
  readonly offset: number;
}

/** The capabilities in the order of the list. A list with a loop ends where it would repeat. */
export const capabilities = (config: Buffer): Capability[] => {
  const seen = new Map<number, number>();
  const hasList = (config.readUInt16LE(STATUS) & STATUS_CAPABILITY_LIST) !== 0;
  let at = hasList ? config.readUInt8(CAPABILITY_POINTER) & POINTER_MASK : 0;
  while (at !== 0 && !seen.has(at) && at + 1 < config.length) {
    seen.set(at, config.readUInt8(at));
    at = config.readUInt8(at + 1) & POINTER_MASK;
  }
  return [...seen].map(([offset, id]) => ({ id, offset }));
};
