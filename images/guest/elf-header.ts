// Reads from the header of an ELF file where its section headers end. They are the last thing in it; only the
// kernel's build adds relocations, which a boot through the PVH note does not read. Pure. Source: elf(5).

export const ELF_MAGIC = '\x7fELF';

export const ELF64_HEADER_BYTES = 64;

const EI_CLASS = 4;
const ELFCLASS32 = 1;

/**
 * The smallest size of a complete file, in bytes, from its first `ELF64_HEADER_BYTES` bytes (a shorter file
 * is filled with zeros). Infinity if it is not an ELF file.
 */
export const sectionsEnd = (header: Buffer): number => {
  if (header.toString('latin1', 0, ELF_MAGIC.length) !== ELF_MAGIC) return Number.POSITIVE_INFINITY;
  const is32 = header[EI_CLASS] === ELFCLASS32;
  const offset = is32 ? header.readUInt32LE(0x20) : Number(header.readBigUInt64LE(0x28));
  const size = header.readUInt16LE(is32 ? 0x2e : 0x3a);
  const count = header.readUInt16LE(is32 ? 0x30 : 0x3c);
  return Math.max(ELF64_HEADER_BYTES, offset + size * count);
};
