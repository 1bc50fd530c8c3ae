// Old entries of a directory of the cache are removed, so that it does not grow for ever.

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from './remove-tree.js';
import { whileNobodyEnters } from './users.js';

interface KeepOptions {
  /** How many entries stay, with those in `always`. */
  count: number;
  /** Names of entries that stay however old they are. */
  always?: readonly string[];
  /** Which entries are counted and removed at all; all when not given. */
  among?: (name: string) => boolean;
  /** The path of the file whose time counts, of an entry's path: the entry itself when not given. */
  dateOf?: (path: string) => string;
}

/** Removes the oldest entries of `directory`, but none that another process uses or is making. */
export const keepNewest = async (
  directory: string,
  { count, always = [], among = () => true, dateOf = (path) => path }: KeepOptions,
): Promise<void> => {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.') && among(name));
  const dated = await Promise.all(
    names
      .filter((name) => !always.includes(name))
      .map(async (name) => ({ name, at: (await lstat(dateOf(join(directory, name)))).mtimeMs })),
  );
  const kept = Math.max(0, count - (names.length - dated.length));
  const old = dated.sort((a, b) => b.at - a.at).slice(kept);
  if (old.length === 0) return;
  await whileNobodyEnters(async (usersOf) => {
    for (const path of old.map(({ name }) => join(directory, name)))
      if (usersOf(path).length === 0) await removeTree(path);
  });
};
