// Removes the oldest entries of a cache directory, so that it does not grow without limit.

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from './remove-tree.js';
import { whileNoNewUsers } from './users.js';

interface KeepOptions {
  /** The number of entries to keep, including those in `always`. */
  count: number;
  /** Names of entries to keep regardless of their age. */
  always?: readonly string[];
  /** Selects the entries that are counted and may be removed (default: all). */
  filter?: (name: string) => boolean;
  /** Maps an entry's path to the file whose modification time counts (default: the entry). */
  dateOf?: (path: string) => string;
}

/** Removes the oldest entries of `directory`, except those that another process uses or builds. */
export const keepNewest = async (
  directory: string,
  { count, always = [], filter = () => true, dateOf = (path) => path }: KeepOptions,
): Promise<void> => {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.') && filter(name));
  const dated = await Promise.all(
    names
      .filter((name) => !always.includes(name))
      .map(async (name) => ({ name, at: (await lstat(dateOf(join(directory, name)))).mtimeMs })),
  );
  const kept = Math.max(0, count - (names.length - dated.length));
  const old = dated.sort((a, b) => b.at - a.at).slice(kept);
  if (old.length === 0) return;
  await whileNoNewUsers(async (usersOf) => {
    for (const path of old.map(({ name }) => join(directory, name)))
      if (usersOf(path).length === 0) await removeTree(path);
  });
};
