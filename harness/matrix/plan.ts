// The cells of a matrix, in the order in which they are run, and how they are cut into shards.

import type { KernelRow } from '../../images/kernels/table.js';
import { HarnessError } from '../base/errors.js';
import type { GenerationName } from '../vmmci/generations.js';

/** What a process runs at a time: a file of scenarios, on a kernel, with a generation of vmd. */
export interface Cell {
  readonly kernel: KernelRow;
  readonly generation: GenerationName;
  /** A file in scenarios/, without its extension. */
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

/** Kernel by kernel, so that work begins when the first is there. */
export const planCells = ({ kernels, generations, files }: Axes): Cell[] =>
  kernels.flatMap((kernel) =>
    generations.flatMap((generation) => files.map((file) => ({ kernel, generation, file }))),
  );

/** `2/4`. INVALID_VALUE for anything else. */
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
 * A stretch of the list, so that a shard needs as few kernels as can be. The shards of one list are that
 * list.
 */
export const cutShard = <T>(list: readonly T[], { index, count }: Shard): T[] =>
  list.slice(Math.floor((list.length * (index - 1)) / count), Math.floor((list.length * index) / count));
