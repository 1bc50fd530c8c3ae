// Which kernels and generations a run is about, from what the command line says.

import {
  directoryPrefix,
  hostName,
  isInAll,
  type KernelRow,
  kernelRow,
  kernelTable,
} from '../../images/kernels/table.js';
import { HarnessError } from '../base/errors.js';
import { DEFAULT_GENERATION, type GenerationName, generationNames } from '../vmmci/generations.js';

/** `*` is any run of characters, `?` any one; the rest is itself. */
export const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[\\^$.+()[\]{}|]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );

/**
 * What of `all` any of the patterns fits, in the order of `all`. UNKNOWN_NAME for a pattern that fits
 * nothing.
 */
export const choose = <T>(
  what: string,
  patterns: readonly string[],
  all: readonly T[],
  nameOf: (item: T) => string,
  isInAll: (item: T) => boolean = () => true,
): T[] => {
  const tests = patterns.map((pattern) => ({
    pattern,
    fits: pattern === 'all' ? isInAll : (item: T) => glob(pattern).test(nameOf(item)),
  }));
  for (const { pattern, fits } of tests) {
    if (all.some(fits)) continue;
    throw new HarnessError('UNKNOWN_NAME', { kind: what, name: pattern, valid: all.map(nameOf).join(', ') });
  }
  return all.filter((item) => tests.some(({ fits }) => fits(item)));
};

/**
 * All cloud kernels by default: one of each series. `dir:PATH` adds a kernel of the caller's own, after those
 * of the table.
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
export const selectGenerations = (patterns: readonly string[] = [DEFAULT_GENERATION]): GenerationName[] =>
  choose('generation', patterns, generationNames, (name) => name);
