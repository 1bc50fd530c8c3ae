// Hints why a surviving mutant may be equivalent to the unchanged driver.

import type { Mutant } from './mutants.js';

type Change = Pick<Mutant, 'operator' | 'before' | 'after'>;

interface Hint {
  readonly applies: (change: Change) => boolean;
  readonly text: string;
}

const hints: readonly Hint[] = [
  {
    applies: ({ before }) => /^(dev|pr|pci|netdev)_\w+\(|^printk/.test(before),
    text: 'it only writes to the kernel log',
  },
  {
    applies: ({ operator }) => operator === 'type',
    text: 'no value may need the other width or sign',
  },
  {
    applies: ({ before }) => /(lock|unlock|READ_ONCE|WRITE_ONCE|smp_|acquire|release|_sync)\b/.test(before),
    text: 'it may matter only when two CPUs meet; a kernel with lock checking shows more',
  },
  {
    applies: ({ before }) => /\b(-ENOMEM|k\w*alloc|kfree|IS_ERR|!\w+(->\w+)?$)/.test(before),
    text: 'it may matter only when an allocation fails; a kernel with fault injection shows more',
  },
  {
    applies: ({ before, after }) => /^(<|<=|>|>=)$/.test(before) && /^(<|<=|>|>=)$/.test(after),
    text: 'the value at the limit may never occur',
  },
];

/** At most a few words each; empty if nothing is known. */
export const hintsFor = (change: Change): string[] =>
  hints.filter(({ applies }) => applies(change)).map(({ text }) => text);
