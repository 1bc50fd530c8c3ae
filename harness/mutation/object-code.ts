// Compares what the compiler made of two versions of a driver.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A hash of all object files below a build tree. Without those that kbuild generates (`*.mod.o`): they hold a
 * hash of the sources, which differs for each mutant.
 */
export const hashObjects = async (tree: string): Promise<string> => {
  const names = await readdir(tree, { recursive: true });
  const hash = createHash('sha256');
  for (const name of names.filter((each) => each.endsWith('.o') && !each.endsWith('.mod.o')).sort())
    hash.update(`${name}\0`).update(await readFile(join(tree, name)));
  return hash.digest('hex');
};
