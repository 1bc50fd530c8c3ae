// Puts files and trees into the cache atomically.

import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import { HarnessError } from '../errors.js';
import { isDiskFull } from '../file-system.js';
import { ifExists } from '../if-exists.js';
import { type Lock, type LockOptions, withLock } from './lock.js';
import { removeTree } from './remove-tree.js';
import { useEntry } from './users.js';

const exists = async (path: string): Promise<boolean> => (await ifExists(lstat(path))) !== undefined;

const prefixOf = (target: string): string => `.${basename(target)}.partial-`;

/** Call it only under the target's lock: every path with that prefix then belongs to a dead build. */
const removeLeftovers = async (target: string): Promise<void> => {
  const directory = dirname(target);
  for (const name of await readdir(directory)) {
    if (name.startsWith(prefixOf(target))) await removeTree(join(directory, name));
  }
};

const lockName = (target: string): string =>
  `${basename(target)}-${createHash('sha256').update(target).digest('hex').slice(0, 12)}`;

/**
 * Syncs the whole file system of `path`, which is cheaper than fsync(2) on each of some ten thousand files.
 */
const syncFileSystem = (path: string) => execa('sync', ['--file-system', path]);

const syncDirectory = async (path: string): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

export interface PublishOptions extends LockOptions {
  /** False for an entry that is damaged, which is then built again; default: any entry is intact. */
  isIntact?: ((path: string) => Promise<boolean>) | undefined;
}

/**
 * Creates `target`, unless it exists. `build` gets the path of a sibling that does not exist yet and creates
 * a file or a directory there; the sibling is then synced and renamed. Only one process builds a target;
 * others wait for it. The target is not removed while this process runs.
 *
 * A build that fails leaves nothing. The leftovers of a killed build are removed by the next one.
 * Rejects with CACHE_FULL if the disk is full.
 */
export const publish = async (
  target: string,
  build: (temporary: string, lock: Lock) => Promise<void>,
  { isIntact = async () => true, onWait }: PublishOptions = {},
): Promise<string> => {
  const path = resolve(target);
  const isDone = async (): Promise<boolean> => (await exists(path)) && (await isIntact(path));
  await useEntry(path);
  if (await isDone()) return path;
  return withLock(
    lockName(path),
    async (lock) => {
      const directory = dirname(path);
      await mkdir(directory, { recursive: true });
      await removeLeftovers(path);
      if (await isDone()) return path;
      await removeTree(path);
      const temporary = join(directory, `${prefixOf(path)}${randomBytes(4).toString('hex')}`);
      lock.removeIfKilled(temporary);
      try {
        await build(temporary, lock);
        await syncFileSystem(temporary);
        lock.keep();
        await rename(temporary, path);
        await syncDirectory(directory);
      } catch (error) {
        await removeTree(temporary);
        const full = { path: directory, variable: 'XDG_CACHE_HOME' };
        if (isDiskFull(error)) throw new HarnessError('CACHE_FULL', full, error);
        throw error;
      }
      return path;
    },
    { onWait },
  );
};
