// Files and trees appear in the cache whole or not at all.

import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { HarnessError } from '../errors.js';
import { systemCode } from '../thrown.js';
import { type Lock, type LockOptions, withLock } from './lock.js';
import { removeTree } from './remove-tree.js';
import { useEntry } from './users.js';

const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
};

const prefixOf = (target: string): string => `.${basename(target)}.partial-`;

/** Only for the holder of the target's lock: whatever has that prefix then belongs to a dead build. */
const removeLeftovers = async (target: string): Promise<void> => {
  const directory = dirname(target);
  for (const name of await readdir(directory)) {
    if (name.startsWith(prefixOf(target))) await removeTree(join(directory, name));
  }
};

const lockName = (target: string): string =>
  `${basename(target)}-${createHash('sha256').update(target).digest('hex').slice(0, 12)}`;

/** The whole file system of `path` at once: cheaper than fsync(2) on each of some ten thousand files. */
const syncFileSystem = (path: string) => execa('sync', ['--file-system', path]);

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const isFull = (error: unknown): boolean =>
  error instanceof Error &&
  (systemCode(error) === 'ENOSPC' ||
    systemCode(error) === 'EDQUOT' ||
    /No space left on device|Disk quota exceeded/.test(error.message) ||
    isFull(error.cause));

/**
 * Makes `target` with `build`, which is given the path of a sibling that does not exist yet and makes a file or a directory there;
 * the sibling is then synced and renamed. Returns at once if the target exists; only one process builds it, others wait.
 * Nobody removes the target until this process has ended. A build that throws leaves nothing; what a killed one left is removed by the next. CACHE_FULL if the disk is.
 */
export const publish = async (
  target: string,
  build: (temporary: string, lock: Lock) => Promise<void>,
  options: LockOptions = {},
): Promise<string> => {
  const path = resolve(target);
  await useEntry(path);
  if (await exists(path)) return path;
  return withLock(
    lockName(path),
    async (lock) => {
      const directory = dirname(path);
      await mkdir(directory, { recursive: true });
      await removeLeftovers(path);
      if (await exists(path)) return path;
      const temporary = join(directory, `${prefixOf(path)}${randomBytes(4).toString('hex')}`);
      lock.waste(temporary);
      try {
        await build(temporary, lock);
        await syncFileSystem(temporary);
        lock.keep();
        await rename(temporary, path);
        await syncDirectory(directory);
      } catch (error) {
        await removeTree(temporary);
        const full = { path: directory, variable: 'XDG_CACHE_HOME' };
        if (isFull(error)) throw new HarnessError('CACHE_FULL', full, error);
        throw error;
      }
      return path;
    },
    options,
  );
};
