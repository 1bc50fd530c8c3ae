// Uses the snapshots in the cache. A snapshot is made once, and made again if it does not load.

import { lstat, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withLock } from '../base/cache/lock.js';
import { publish } from '../base/cache/publish.js';
import { codeOf, type ErrorCode } from '../base/errors.js';
import { ifExists } from '../base/if-exists.js';
import { markUsed, snapshotBytes, snapshotDirectory, trimSnapshots } from './snapshot-limit.js';

export { snapshotDirectory } from './snapshot-limit.js';

export interface SnapshotUse<T> {
  /** From `snapshotKey`. */
  key: string;
  /** Boots the machine and saves it as a directory at the given path, which is in `snapshotDirectory()`. */
  make(path: string): Promise<void>;
  /** Restores the machine from the given path. */
  load(path: string): Promise<T>;
  /** Called if a snapshot did not load and is about to be made again. */
  onRemake?: ((error: Error) => void) | undefined;
}

/** Errors that a damaged or incompatible snapshot can cause. */
const snapshotErrors: readonly (ErrorCode | undefined)[] = [
  'SNAPSHOT',
  'QEMU_START',
  'QEMU_EXIT',
  'QMP_CLOSED',
  'QMP_TIMEOUT',
];

// The inode number alone is not enough: it may be that of a removed file. A link to nowhere exists, too.
const identity = async (path: string): Promise<string | undefined> => {
  const found = await ifExists(lstat(path, { bigint: true }));
  return found && `${found.ino}:${found.ctimeNs}`;
};

/** Removes only the file that failed: another process may have replaced it in the meantime. */
const discard = (path: string, failed: string | undefined): Promise<void> =>
  withLock(`discard-${basename(path)}`, async () => {
    if (failed !== undefined && (await identity(path)) === failed) await rm(path, { recursive: true });
  });

/** Restores the machine with that key; makes its snapshot first if it does not exist. */
export const useSnapshot = async <T>({ key, make, load, onRemake }: SnapshotUse<T>): Promise<T> => {
  const path = join(snapshotDirectory(), `${key}.ram`);
  await markUsed(key);
  const makeWithinLimit = async (temporary: string): Promise<void> => {
    await make(temporary);
    // Evict before the snapshot is published, so that the cache never exceeds the limit.
    await trimSnapshots(key, await snapshotBytes(temporary));
  };
  await publish(path, makeWithinLimit);
  const loaded = await identity(path);
  try {
    return await load(path);
  } catch (error) {
    if (!snapshotErrors.includes(codeOf(error))) throw error;
    onRemake?.(error as Error);
    await discard(path, loaded);
    await publish(path, makeWithinLimit);
    return load(path);
  }
};
