// What earlier recipes, drivers and kernels left in the cache.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../../harness/base/cache/remove-tree.js';

/** Removes all entries of `directory` but `current` and the latest others, so that `count` are left; never what is being made. */
export const prune = async (directory: string, current: string, count: number): Promise<void> => {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.') && name !== current);
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  );
  const old = dated.sort((a, b) => b.at - a.at).slice(count - 1);
  for (const { name } of old) await removeTree(join(directory, name));
};
