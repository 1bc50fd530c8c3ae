// Finds compiled tests and scenarios.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The names of all files below a directory; `undefined` if it does not exist. */
const filesBelow = (directory: string): Promise<string[] | undefined> =>
  readdir(directory, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

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
    filesBelow(sources),
  ]);
  const known = sourceNames && new Set(sourceNames);
  return names
    .filter((name) => accepts(name) && (known === undefined || known.has(name.replace(/\.js$/, '.ts'))))
    .map((name) => join(compiled, name))
    .sort();
};
