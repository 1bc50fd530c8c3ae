// Compiled files, of tests and scenarios.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What is below a directory; undefined if there is none. */
const below = (directory: string): Promise<string[] | undefined> =>
  readdir(directory, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/**
 * Those below `compiled` that fit and whose source is below `sources`, sorted. The compiler leaves what it made of a file that is gone
 * since: a test of what is no more. An installed package has no sources, and all fit there.
 */
export const compiledFiles = async (
  compiled: string,
  sources: string,
  fits: (name: string) => boolean,
): Promise<string[]> => {
  const [made, written] = await Promise.all([readdir(compiled, { recursive: true }), below(sources)]);
  const there = written && new Set(written);
  return made
    .filter((name) => fits(name) && (there === undefined || there.has(name.replace(/\.js$/, '.ts'))))
    .map((name) => join(compiled, name))
    .sort();
};
