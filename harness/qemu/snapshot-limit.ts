// Snapshots take a tenth of a gigabyte each, and any change to kernel, initramfs or QEMU makes new ones: the oldest go.

import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../base/cache/directory.js';
import { withLock } from '../base/cache/lock.js';
import { HarnessError } from '../base/errors.js';

/** The environment variable with the limit, in MiB. */
export const limitVariable = 'VMMCI_SNAPSHOT_LIMIT';

/** Room for some fifty: ten kernels, each with one and with two CPUs and with three machines like vmd's. */
const defaultLimitMiB = 6144;

export interface SnapshotFile {
  /** From `snapshotKey`. */
  readonly key: string;
  /** On disk: the files are sparse. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

/** Those to remove so that the rest fits into `limit` bytes: least recently used first, never `current`. */
export const chooseVictims = (
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

// Beside the snapshots, because a time on the file itself is part of what tells one file from its successor.
const marks = (): string => join(cacheDirectory(), 'snapshot-use');

/** Says that a snapshot is wanted now. */
export const noteUse = async (key: string): Promise<void> => {
  await mkdir(marks(), { recursive: true });
  await writeFile(join(marks(), key), '');
};

/** Bytes. INVALID_VALUE when the environment says something else than a number. */
export const snapshotLimit = (text = process.env[limitVariable]): number => {
  if (text === undefined || text === '') return defaultLimitMiB * 2 ** 20;
  if (/^\d{1,8}$/.test(text)) return Number(text) * 2 ** 20;
  throw new HarnessError('INVALID_VALUE', { name: limitVariable, expected: 'a number of MiB', value: text });
};

/** Another process may remove any of them meanwhile. */
const ifThere = async <T>(work: Promise<T>): Promise<T | undefined> =>
  work.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/** What a snapshot takes on disk: those of earlier versions are files. */
export const snapshotBytes = async (path: string): Promise<number> => {
  const found = await ifThere(stat(path));
  if (!found?.isDirectory()) return (found?.blocks ?? 0) * 512;
  const names = (await ifThere(readdir(path))) ?? [];
  const files = await Promise.all(names.map((name) => ifThere(stat(join(path, name)))));
  return files.reduce((sum, file) => sum + (file?.blocks ?? 0) * 512, 0);
};

export const listSnapshots = async (): Promise<SnapshotFile[]> => {
  const names = (await ifThere(readdir(snapshotDirectory()))) ?? [];
  const found = names.map(async (name): Promise<SnapshotFile[]> => {
    const key = /^([0-9A-Za-z-]+)\.ram$/.exec(name)?.[1];
    if (key === undefined) return [];
    const path = join(snapshotDirectory(), name);
    const file = await ifThere(stat(path));
    if (file === undefined) return [];
    const mark = await ifThere(stat(join(marks(), key)));
    return [{ key, bytes: await snapshotBytes(path), usedAt: (mark ?? file).mtimeMs }];
  });
  return (await Promise.all(found)).flat();
};

/**
 * Removes what is over the limit, so that a file of `coming` bytes will fit, too; never `current`. Whoever is about to load one of those
 * makes it anew.
 */
export const trimSnapshots = (current: string, coming = 0): Promise<SnapshotFile[]> =>
  withLock('snapshot-limit', async () => {
    const victims = chooseVictims(await listSnapshots(), snapshotLimit() - coming, current);
    for (const { key } of victims) {
      await rm(join(snapshotDirectory(), `${key}.ram`), { recursive: true, force: true });
      await rm(join(marks(), key), { force: true });
    }
    return victims;
  });
