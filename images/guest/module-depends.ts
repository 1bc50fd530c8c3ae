// Reads which modules a module file depends on.

import { moduleName } from '../kernels/module-index.js';
import type { FileEntry } from './newc.js';

/** A field of a module's .modinfo section: `name=value`, with a zero byte before and after it. */
const depends = /\0depends=([\w,-]*)\0/;

/**
 * The names in the `depends` field of a module file, which modpost writes. Empty if there are no
 * dependencies.
 */
export const moduleDependencies = (content: Buffer): string[] =>
  (depends.exec(content.toString('latin1'))?.[1] ?? '').split(',').filter((name) => name !== '');

/** A MODULE_SOFTDEP: `softdep=pre: a b post: c`. */
const soft = /\0softdep=(?:[^\0]*\b)?pre: ?([\w ,-]*?)(?= ?post:|\0)/g;

/** The names that a module file asks to load before it, with MODULE_SOFTDEP. */
export const softDependencies = (content: Buffer): string[] =>
  [...content.toString('latin1').matchAll(soft)].flatMap(([, names = '']) =>
    names.split(/[ ,]+/).filter((name) => name !== ''),
  );

/** The modules that these module files depend on and that are not among them, sorted by name. */
export const externalDependencies = (modules: readonly FileEntry[]): string[] => {
  const included = new Set(modules.map(({ path }) => moduleName(path)));
  const dependencies = new Set(modules.flatMap(({ content }) => moduleDependencies(content)));
  return [...dependencies].filter((name) => !included.has(moduleName(name))).sort();
};
