// Finds compiled tests and scenarios.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../base/if-exists.js';

/**
 * The files below `compiled` that `accepts` takes, sorted. Files without a source below `sources` are left
 * out, because the compiler does not remove the output of a deleted source. An installed package has no
 * sources; there all files count.
 */
export const compiledFiles = async (
  compiled: string,
  sources: string,
  accepts: (name: string) => boolean,
): Promise<string[]> => {
  const [names, sourceNames] = await Promise.all([
    readdir(compiled, { recursive: true }),
    ifExists(readdir(sources, { recursive: true })),
  ]);
  const known = sourceNames && new Set(sourceNames);
  return names
    .filter((name) => accepts(name) && (known === undefined || known.has(name.replace(/\.js$/, '.ts'))))
    .map((name) => join(compiled, name))
    .sort();
};
