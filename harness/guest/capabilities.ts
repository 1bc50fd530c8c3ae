// The list of capabilities in a configuration space.

/** Offsets of the status register, with the bit that there is a list, and of the pointer to its first member. */
const status = 0x06;
const hasList = 0x10;
const pointer = 0x34;

export const capability = { msix: 0x11 } as const;

/** The numbers of the capabilities, in the order of the list. A list that comes back to where it was ends there. */
export const capabilities = (config: Buffer): number[] => {
  const seen = new Map<number, number>();
  let at = (config.readUInt16LE(status) & hasList) === 0 ? 0 : config.readUInt8(pointer);
  while (at !== 0 && !seen.has(at) && at + 1 < config.length) {
    seen.set(at, config.readUInt8(at));
    at = config.readUInt8(at + 1);
  }
  return [...seen.values()];
};
