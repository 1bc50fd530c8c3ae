// Decodes /proc/sys/kernel/tainted (Documentation/admin-guide/tainted-kernels.rst in the kernel).

export interface Taint {
  bit: number;
  letter: string;
  meaning: string;
}

const table: readonly (readonly [letter: string, meaning: string])[] = [
  ['P', 'proprietary module'],
  ['F', 'module was force loaded'],
  ['S', 'kernel running on an out of specification system'],
  ['R', 'module was force unloaded'],
  ['M', 'processor reported a machine check'],
  ['B', 'bad page'],
  ['U', 'taint requested by userspace'],
  ['D', 'kernel died recently: an oops or a BUG'],
  ['A', 'ACPI table overridden'],
  ['W', 'kernel issued a warning'],
  ['C', 'staging driver'],
  ['I', 'workaround for a firmware bug'],
  ['O', 'out-of-tree module'],
  ['E', 'unsigned module'],
  ['L', 'soft lockup'],
  ['K', 'live patched'],
  ['X', 'auxiliary taint of the distribution'],
  ['T', 'randomized structure layout'],
  ['N', 'in-kernel test'],
  ['J', 'fwctl debug operation'],
];

/** Loading any out-of-tree driver sets these two flags. */
const expected = new Set(['O', 'E']);

/**
 * The flags that are set, were not set in `before`, and that a driver under test must not cause. Unknown bits
 * are included.
 */
export const unexpectedTaint = (value: number, before = 0): Taint[] =>
  Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => ((value & ~before) >>> bit) & 1)
    .map((bit) => ({ bit, letter: table[bit]?.[0] ?? '?', meaning: table[bit]?.[1] ?? `unknown bit ${bit}` }))
    .filter(({ letter }) => !expected.has(letter));
