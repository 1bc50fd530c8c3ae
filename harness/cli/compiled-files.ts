// The compiled test files of a checkout.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Those below `compiled` that fit and whose source is below `sources`, sorted. The compiler leaves what it made of a file that is gone
 * since: a test of what is no more.
 */
export const compiledFiles = async (
  compiled: string,
  sources: string,
  fits: (name: string) => boolean,
): Promise<string[]> => {
  const [made, written] = await Promise.all(
    [compiled, sources].map((directory) => readdir(directory, { recursive: true })),
  );
  const there = new Set(written);
  return (made ?? [])
    .filter((name) => fits(name) && there.has(name.replace(/\.js$/, '.ts')))
    .map((name) => join(compiled, name))
    .sort();
};
