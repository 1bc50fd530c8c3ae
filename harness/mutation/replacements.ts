// The tables of the mutation operators: what replaces an operator, a constant or a type.

type Table = Readonly<Record<string, readonly string[]>>;

export const operatorTable: Table = {
  '==': ['!='],
  '!=': ['=='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '&&': ['||'],
  '||': ['&&'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['/'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '+=': ['-=', '='],
  '-=': ['+=', '='],
  '|=': ['&=', '='],
  '&=': ['|=', '='],
  '++': ['--'],
  '--': ['++'],
};

/** Other types that a developer could have written: another width or another signedness. */
export const typeTable: Table = {
  u8: ['s8', 'u32'],
  u16: ['s16', 'u8'],
  u32: ['s32', 'u16', 'u64'],
  u64: ['s64', 'u32'],
  s32: ['u32', 's64'],
  s64: ['u64', 's32'],
  int: ['unsigned int', 's8'],
  long: ['int'],
  'unsigned int': ['int', 'u8'],
  'unsigned long': ['unsigned int', 'u8'],
  size_t: ['u8'],
  ssize_t: ['size_t'],
  bool: ['int'],
  ktime_t: ['s32'],
  __le32: ['__le16'],
  __virtio32: ['__virtio16'],
};

/** Constants that mean success or failure, and stand in for each other. */
export const constantTable: Table = {
  true: ['false'],
  false: ['true'],
  IRQ_NONE: ['IRQ_HANDLED'],
  IRQ_HANDLED: ['IRQ_NONE'],
  GFP_KERNEL: ['GFP_ATOMIC'],
  GFP_ATOMIC: ['GFP_KERNEL'],
};

/** Modes of files, which are written in octal: the owner may not write, and nobody else may read. */
const otherModes = (text: string): string[] => {
  const mode = Number.parseInt(text, 8);
  return [mode ^ 0o200, mode & ~0o077].map((other) => `0${other.toString(8)}`);
};

/** The numbers to try instead of the literal `text`, with its base and suffix; empty if it is no integer. */
export const otherNumbers = (text: string): string[] => {
  if (/^0[0-7]{3}$/.test(text)) return otherModes(text);
  const [, prefix = '', digits = '', suffix = ''] = /^(0x)?([0-9a-f]+?)([ul]*)$/i.exec(text) ?? [];
  if (digits === '') return [];
  const number = BigInt(`${prefix}${digits}`);
  const show = (value: bigint): string => `${prefix}${value.toString(prefix === '' ? 10 : 16)}${suffix}`;
  return number === 0n ? [show(1n)] : [show(number + 1n), show(number - 1n)];
};

/** `VMMCI_REG_SECONDS` → `VMMCI_REG_`: constants of one prefix belong together. */
const prefixOf = (name: string): string => name.slice(0, name.lastIndexOf('_') + 1);

/** The constant of the same family that follows `name` in `all`, or the first one of it. */
export const siblingConstant = (name: string, all: readonly string[]): string | undefined => {
  const family = all.filter((other) => prefixOf(other) !== '' && prefixOf(other) === prefixOf(name));
  const next = family[(family.indexOf(name) + 1) % family.length];
  return next === name ? undefined : next;
};
