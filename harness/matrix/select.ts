// Selects the kernels and generations of a run from the patterns on the command line.

import {
  directoryPrefix,
  hostName,
  isInAll,
  type KernelRow,
  kernelRow,
  kernelTable,
} from '../../images/kernels/table.js';
import { HarnessError } from '../base/errors.js';
import { glob } from '../base/glob.js';
import { namesLike } from '../base/text.js';
import { defaultGeneration, type GenerationName, generationNames } from '../vmmci/generations.js';

/** The items that match any pattern, in their order. Throws UNKNOWN_NAME if a pattern matches none. */
export const choose = <T>(
  what: string,
  patterns: readonly string[],
  all: readonly T[],
  nameOf: (item: T) => string,
  isInAll: (item: T) => boolean = () => true,
): T[] => {
  const tests = patterns.map((pattern) => ({
    pattern,
    matches: pattern === 'all' ? isInAll : (item: T) => glob(pattern).test(nameOf(item)),
  }));
  for (const { pattern, matches } of tests) {
    if (all.some(matches)) continue;
    const valid = namesLike(pattern, all.map(nameOf));
    throw new HarnessError('UNKNOWN_NAME', { kind: what, name: pattern, valid });
  }
  return all.filter((item) => tests.some(({ matches }) => matches(item)));
};

/**
 * By default all cloud kernels, which is one of each series. `dir:PATH` adds a kernel from a directory after
 * those of the table.
 */
export const selectKernels = (patterns: readonly string[] = ['*-cloud']): KernelRow[] => {
  const isOwn = (pattern: string): boolean => pattern.startsWith(directoryPrefix) || pattern === hostName;
  const own = [...new Set(patterns.filter(isOwn))].map(kernelRow);
  const names = patterns.filter((pattern) => !isOwn(pattern));
  const rows = names.length === 0 ? [] : choose('kernel', names, kernelTable, ({ name }) => name, isInAll);
  for (const [index, { name, suite }] of own.entries()) {
    const other = own.slice(index + 1).find((row) => row.name === name);
    if (other === undefined || other.suite === suite) continue;
    throw new HarnessError('KERNEL_NAME_TWICE', { first: suite, second: other.suite, name });
  }
  return [...new Map([...rows, ...own].map((row) => [row.name, row])).values()];
};

/** The newest by default. */
export const selectGenerations = (patterns: readonly string[] = [defaultGeneration]): GenerationName[] =>
  choose('generation', patterns, generationNames, (name) => name);
