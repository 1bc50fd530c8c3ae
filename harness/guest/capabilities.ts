// Reads the capability list in PCI configuration space.

/**
 * Offset of the status register, its bit for a capability list, and the offset of the pointer to the first
 * capability.
 */
const STATUS = 0x06;
const STATUS_CAPABILITY_LIST = 0x10;
const CAPABILITY_POINTER = 0x34;

export const capability = { msix: 0x11 } as const;

/** The capability ids in the order of the list. A list with a loop ends where it would repeat. */
export const capabilities = (config: Buffer): number[] => {
  const seen = new Map<number, number>();
  let at =
    (config.readUInt16LE(STATUS) & STATUS_CAPABILITY_LIST) === 0 ? 0 : config.readUInt8(CAPABILITY_POINTER);
  while (at !== 0 && !seen.has(at) && at + 1 < config.length) {
    seen.set(at, config.readUInt8(at));
    at = config.readUInt8(at + 1);
  }
  return [...seen.values()];
};
