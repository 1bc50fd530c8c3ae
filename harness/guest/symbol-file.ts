// Makes an ELF file that contains only symbols, so that a debugger can name addresses of a kernel without its
// vmlinux. Pure. Structures: ELF-64 Object File Format 1.5, and the x86-64 psABI.

export interface ElfSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly kind: 'function' | 'object';
}

const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;
const ET_EXEC = 2;
const EM_X86_64 = 62;
const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHT_NOBITS = 8;
const SHF_ALLOC_EXECINSTR = 6;
const STT = { object: 1, function: 2 } as const;
const STB_GLOBAL = 1 << 4;

/** The index of the section that contains the symbols. */
const text = 1;

const names = '\0.text\0.symtab\0.strtab\0';

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags?: number;
  readonly address?: bigint;
  readonly offset: number;
  readonly size: number | bigint;
  readonly link?: number;
  readonly info?: number;
  readonly entry?: number;
}

const sectionHeader = ({
  name,
  type,
  flags = 0,
  address = 0n,
  offset,
  size,
  link = 0,
  info = 0,
  entry = 0,
}: Section): Buffer => {
  const header = Buffer.alloc(SECTION_SIZE);
  header.writeUInt32LE(names.indexOf(`${name}\0`), 0);
  header.writeUInt32LE(type, 4);
  header.writeBigUInt64LE(BigInt(flags), 8);
  header.writeBigUInt64LE(address, 16);
  header.writeBigUInt64LE(BigInt(offset), 24);
  header.writeBigUInt64LE(BigInt(size), 32);
  header.writeUInt32LE(link, 40);
  header.writeUInt32LE(info, 44);
  header.writeBigUInt64LE(BigInt(1), 48);
  header.writeBigUInt64LE(BigInt(entry), 56);
  return header;
};

const fileHeader = (sectionsAt: number, count: number): Buffer => {
  const header = Buffer.alloc(HEADER_SIZE);
  // 64 bits, little-endian, version 1
  header.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  header.writeUInt16LE(ET_EXEC, 16);
  header.writeUInt16LE(EM_X86_64, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(sectionsAt), 40);
  header.writeUInt16LE(HEADER_SIZE, 52);
  header.writeUInt16LE(SECTION_SIZE, 58);
  header.writeUInt16LE(count, 60);
  header.writeUInt16LE(count - 1, 62);
  return header;
};

/** Makes a file with these symbols, all in one section without content that covers them. */
export const symbolFile = (symbols: readonly ElfSymbol[]): Buffer => {
  let [low, high] = [symbols[0]?.address ?? 0n, 0n];
  for (const { address } of symbols) {
    if (address < low) low = address;
    if (address > high) high = address;
  }
  const strings = Buffer.from(`\0${symbols.map(({ name }) => `${name}\0`).join('')}`);
  const table = Buffer.alloc(SYMBOL_SIZE * (symbols.length + 1));
  let nameAt = 1;
  for (const [index, { name, address, kind }] of symbols.entries()) {
    const at = SYMBOL_SIZE * (index + 1);
    table.writeUInt32LE(nameAt, at);
    table.writeUInt8(STB_GLOBAL | STT[kind], at + 4);
    table.writeUInt16LE(text, at + 6);
    table.writeBigUInt64LE(address, at + 8);
    nameAt += Buffer.byteLength(name) + 1;
  }
  const tableAt = HEADER_SIZE;
  const stringsAt = tableAt + table.length;
  const namesAt = stringsAt + strings.length;
  const sectionsAt = namesAt + names.length;
  const size = high - low + 1n;
  const sections: readonly Section[] = [
    { name: '', type: 0, offset: 0, size: 0 },
    { name: '.text', type: SHT_NOBITS, flags: SHF_ALLOC_EXECINSTR, address: low, offset: HEADER_SIZE, size },
    {
      name: '.symtab',
      type: SHT_SYMTAB,
      offset: tableAt,
      size: table.length,
      link: 3,
      info: 1,
      entry: SYMBOL_SIZE,
    },
    { name: '.strtab', type: SHT_STRTAB, offset: stringsAt, size: strings.length },
    { name: '', type: SHT_STRTAB, offset: namesAt, size: names.length },
  ];
  return Buffer.concat([
    fileHeader(sectionsAt, sections.length),
    table,
    strings,
    Buffer.from(names, 'latin1'),
    ...sections.map(sectionHeader),
  ]);
};
