// Snapshots in the cache: made once, and once again when one does not load.

import { rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withLock } from '../base/cache/lock.js';
import { publish } from '../base/cache/publish.js';
import { codeOf, type ErrorCode } from '../base/errors.js';
import { noteUse, snapshotBytes, snapshotDirectory, trimSnapshots } from './snapshot-limit.js';

export { snapshotDirectory } from './snapshot-limit.js';

export interface SnapshotUse<T> {
  /** From `snapshotKey`. */
  key: string;
  /** Boots the machine and saves it at the path given, as a directory there; it is one of `snapshotDirectory()`. */
  make(path: string): Promise<void>;
  /** Restores from the path given. */
  load(path: string): Promise<T>;
  /** Called when a snapshot did not load and is made anew. */
  onRemake?: ((error: Error) => void) | undefined;
}

/** What a damaged or unfitting file can lead to. */
const bad: readonly (ErrorCode | undefined)[] = [
  'SNAPSHOT',
  'QEMU_START',
  'QEMU_EXIT',
  'QMP_CLOSED',
  'QMP_TIMEOUT',
];

// The number alone may be that of a removed file.
const identity = async (path: string): Promise<string | undefined> =>
  stat(path, { bigint: true }).then(
    ({ ino, ctimeNs }) => `${ino}:${ctimeNs}`,
    () => undefined,
  );

/** Somebody else may have replaced it meanwhile: only the file that failed goes. */
const discard = (path: string, failed: string | undefined): Promise<void> =>
  withLock(`discard-${basename(path)}`, async () => {
    if (failed !== undefined && (await identity(path)) === failed) await rm(path, { recursive: true });
  });

/** The machine of that key, restored; its snapshot is made first if there is none. */
export const useSnapshot = async <T>({ key, make, load, onRemake }: SnapshotUse<T>): Promise<T> => {
  const path = join(snapshotDirectory(), `${key}.ram`);
  await noteUse(key);
  const makeRoomFor = async (temporary: string): Promise<void> => {
    await make(temporary);
    // While it is not in its place yet, so that there is never more in the cache than the limit.
    await trimSnapshots(key, await snapshotBytes(temporary));
  };
  await publish(path, makeRoomFor);
  const tried = await identity(path);
  try {
    return await load(path);
  } catch (error) {
    if (!bad.includes(codeOf(error))) throw error;
    onRemake?.(error as Error);
    await discard(path, tried);
    await publish(path, makeRoomFor);
    return load(path);
  }
};
