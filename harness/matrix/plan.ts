// Plans the cells of a matrix in the order in which they run, and cuts them into shards.

import type { KernelRow } from '../../images/kernels/table.js';
import { HarnessError } from '../base/errors.js';
import type { GenerationName } from '../vmmci/generations.js';

/** One file of scenarios on one kernel with one vmd generation. */
export interface Cell {
  readonly kernel: KernelRow;
  readonly generation: GenerationName;
  /** The name of a file in scenarios/, without its extension. */
  readonly file: string;
}

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

interface Axes {
  readonly kernels: readonly KernelRow[];
  readonly generations: readonly GenerationName[];
  readonly files: readonly string[];
}

/** Ordered by kernel, so that work starts as soon as the first kernel is available. */
export const planCells = ({ kernels, generations, files }: Axes): Cell[] =>
  kernels.flatMap((kernel) =>
    generations.flatMap((generation) => files.map((file) => ({ kernel, generation, file }))),
  );

/** Parses `2/4`. Throws INVALID_VALUE for anything else. */
export const parseShard = (text: string): Shard => {
  const [, index = 0, count = 0] = (/^(\d{1,3})\/(\d{1,3})$/.exec(text) ?? []).map(Number);
  if (index < 1 || index > count) {
    throw new HarnessError('INVALID_VALUE', {
      name: '--shard',
      expected: 'I/N with I from 1 to N',
      value: text,
    });
  }
  return { index, count };
};

/**
 * A contiguous part of the list, so that a shard needs few kernels. Together, the shards are the whole list.
 */
export const cutShard = <T>(list: readonly T[], { index, count }: Shard): T[] =>
  list.slice(Math.floor((list.length * (index - 1)) / count), Math.floor((list.length * index) / count));
