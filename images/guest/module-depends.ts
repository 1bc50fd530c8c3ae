// Which modules a module file needs, by its own account.

import { moduleName } from '../kernels/module-index.js';
import type { FileEntry } from './newc.js';

/** The fields of a module's .modinfo section are `name=value`, each with a zero byte before and after it. */
const depends = /\0depends=([\w,-]*)\0/;

/** The names in the `depends` field of a module file, which modpost writes; empty if it needs none. */
export const dependsOf = (content: Buffer): string[] =>
  (depends.exec(content.toString('latin1'))?.[1] ?? '').split(',').filter((name) => name !== '');

/** The names of modules that these module files need and that are none of them, sorted. */
export const outsideNeeds = (modules: readonly FileEntry[]): string[] => {
  const own = new Set(modules.map(({ path }) => moduleName(path)));
  const needs = new Set(modules.flatMap(({ content }) => dependsOf(content)));
  return [...needs].filter((name) => !own.has(moduleName(name))).sort();
};
