// Copies directories out of a root file system, so that the copies work in any directory.

import { chmod, copyFile, lstat, mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { isWithin, resolveInside } from './inside.js';

export interface TreeCopy {
  /** The root file system: links are resolved relative to it. */
  readonly root: string;
  /** The directory of the copies. */
  readonly to: string;
  /** Where each directory of the root is copied to: paths without links, relative to `root` and `to`. */
  readonly copies: ReadonlyMap<string, string>;
  /** Entries at the top of the directories that are left out. */
  readonly without?: ReadonlySet<string> | undefined;
}

/** The path in the copies of something at `path` in the root; undefined if it is not copied. */
const copyOf = (copies: TreeCopy['copies'], path: string): string | undefined => {
  for (const [from, to] of copies) if (isWithin(path, from)) return join(to, relative(from, path));
  return undefined;
};

/**
 * The owner can write to each copy, also to those of files from a read-only store, so that it can be removed.
 */
const ownerMode = 0o600;

const copyRegular = async (from: string, to: string, mode: number): Promise<void> => {
  await copyFile(from, to);
  if ((mode & ownerMode) !== ownerMode) await chmod(to, mode | ownerMode);
};

/**
 * Copies what is at `path` in the root to `to`. `above` has the parent directories, because a link may lead
 * back to one of them.
 */
const copyEntry = async (
  copy: TreeCopy,
  path: string,
  to: string,
  above: readonly string[],
): Promise<void> => {
  const { root, copies } = copy;
  const found = await lstat(join(root, path));
  const target = join(copy.to, to);
  if (found.isDirectory()) {
    await mkdir(target, { recursive: true });
    const isTop = above.length === 0;
    for (const name of await readdir(join(root, path)))
      if (!isTop || !copy.without?.has(name))
        await copyEntry(copy, `${path}/${name}`, `${to}/${name}`, [...above, path]);
  } else if (found.isFile()) {
    await copyRegular(join(root, path), target, found.mode);
  } else if (found.isSymbolicLink()) {
    const real = await resolveInside(root, path);
    // A dangling link is of no use. A link to a parent directory has no end.
    if (real === undefined || real === '' || above.some((directory) => isWithin(directory, real))) return;
    const copied = copyOf(copies, real);
    if (copied === undefined) await copyEntry(copy, real, to, [...above, path]);
    else await symlink(relative(dirname(to), copied), target);
  }
};

/**
 * Copies the directories. A link to something that is copied, too, leads to its copy; any other link becomes
 * a copy of what it leads to. Sockets, FIFOs, devices and dangling links are left out. Rejects with the
 * system's errors.
 */
export const copyTrees = async (copy: TreeCopy): Promise<void> => {
  for (const [from, to] of copy.copies) {
    await mkdir(dirname(join(copy.to, to)), { recursive: true });
    await copyEntry(copy, from, to, []);
  }
};
