// Limits the size of the snapshot cache. Each snapshot takes about 100 MB, and every change of kernel,
// initramfs or QEMU makes new ones, so the least recently used are evicted.

import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../base/cache/directory.js';
import { withLock } from '../base/cache/lock.js';
import { HarnessError } from '../base/errors.js';
import { ifExists, namesIn } from '../base/if-exists.js';

/** The environment variable with the limit, in MiB. */
export const limitVariable = 'VMMCI_SNAPSHOT_LIMIT';

/**
 * Enough for about fifty snapshots: ten kernels, each with one CPU, with two CPUs and with three machines
 * like vmd's.
 */
const defaultLimitMiB = 6144;

export interface SnapshotFile {
  /** From `snapshotKey`. */
  readonly key: string;
  /** Disk usage, which is less than the file size because the files are sparse. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

/**
 * The snapshots to evict so that the rest takes at most `limit` bytes: least recently used first, never
 * `current`.
 */
export const chooseEvictions = (
  files: readonly SnapshotFile[],
  limit: number,
  current: string,
): SnapshotFile[] => {
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const byAge = files.filter(({ key }) => key !== current).sort((left, right) => left.usedAt - right.usedAt);
  return byAge.filter(({ bytes }) => {
    if (total <= limit) return false;
    total -= bytes;
    return true;
  });
};

export const snapshotDirectory = (): string => join(cacheDirectory(), 'snapshots');

// A separate directory, because the modification time of the snapshot itself identifies one version of the
// file.
const useMarkers = (): string => join(cacheDirectory(), 'snapshot-use');

/** Records that a snapshot is in use now. */
export const markUsed = async (key: string): Promise<void> => {
  await mkdir(useMarkers(), { recursive: true });
  const mark = join(useMarkers(), key);
  // A damaged cache may have a directory there.
  await rm(mark, { recursive: true, force: true });
  await writeFile(mark, '');
};

/** In bytes. Throws INVALID_VALUE if the environment variable is not a number. */
export const snapshotLimit = (text = process.env[limitVariable]): number => {
  if (text === undefined || text === '') return defaultLimitMiB * 2 ** 20;
  if (/^\d{1,8}$/.test(text)) return Number(text) * 2 ** 20;
  throw new HarnessError('INVALID_VALUE', { name: limitVariable, expected: 'a number of MiB', value: text });
};

/** Disk usage of a snapshot in bytes. Snapshots of earlier versions are files, newer ones directories. */
export const snapshotBytes = async (path: string): Promise<number> => {
  const found = await ifExists(stat(path));
  if (!found?.isDirectory()) return (found?.blocks ?? 0) * 512;
  const names = await namesIn(path);
  const files = await Promise.all(names.map((name) => ifExists(stat(join(path, name)))));
  return files.reduce((sum, file) => sum + (file?.blocks ?? 0) * 512, 0);
};

export const listSnapshots = async (): Promise<SnapshotFile[]> => {
  const names = await namesIn(snapshotDirectory());
  const found = names.map(async (name): Promise<SnapshotFile[]> => {
    const key = /^([0-9A-Za-z-]+)\.ram$/.exec(name)?.[1];
    if (key === undefined) return [];
    const path = join(snapshotDirectory(), name);
    const file = await ifExists(stat(path));
    if (file === undefined) return [];
    const mark = await ifExists(stat(join(useMarkers(), key)));
    return [{ key, bytes: await snapshotBytes(path), usedAt: (mark ?? file).mtimeMs }];
  });
  return (await Promise.all(found)).flat();
};

/**
 * Evicts snapshots, never `current`, until the rest and `incomingBytes` more fit within the limit. A process
 * that is about to load an evicted snapshot makes it again.
 */
export const trimSnapshots = (current: string, incomingBytes = 0): Promise<SnapshotFile[]> =>
  withLock('snapshot-limit', async () => {
    const evicted = chooseEvictions(await listSnapshots(), snapshotLimit() - incomingBytes, current);
    for (const { key } of evicted) {
      await rm(join(snapshotDirectory(), `${key}.ram`), { recursive: true, force: true });
      await rm(join(useMarkers(), key), { force: true });
    }
    return evicted;
  });
