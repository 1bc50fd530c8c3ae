// Finds the file system of a path and its free space, for errors about a full disk.

import type { StatsFs } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { systemCode } from './thrown.js';

export interface FileSystem {
  /** The mount point. */
  readonly mount: string;
  /** Space that is available to an ordinary user, in 10^6 bytes, rounded down. */
  readonly freeMB: number;
}

/** With at most this much free space, in 10^6 bytes, a file system is taken to be full. */
export const nearlyNothingMB = 1;

/** Errors of a full file system and of an exceeded quota. */
const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

/** The messages of programs for these errors (strerror of glibc). */
const fullText = /No space left on device|Disk quota exceeded/;

/** True if the output of a program reports a full file system. */
export const reportsDiskFull = (text: string): boolean => fullText.test(text);

/** True if `error` or one of its causes reports a full file system. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error &&
  (fullCodes.includes(systemCode(error)) || fullText.test(error.message) || isDiskFull(error.cause));

/** Decodes the octal escapes of /proc/self/mountinfo: space, tab, newline, backslash (proc(5)). */
const unescapeOctal = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** The longest mount point in `mountinfo` that contains the absolute path `path`. */
export const mountOf = (mountinfo: string, path: string): string => {
  const points = mountinfo.split('\n').flatMap((line) => {
    const point = line.split(' ')[4];
    return point === undefined ? [] : [unescapeOctal(point)];
  });
  const above = points.filter((point) => point === '/' || path === point || path.startsWith(`${point}/`));
  return above.reduce((longest, point) => (point.length > longest.length ? point : longest), '/');
};

const statfsOf = async (path: string): Promise<StatsFs> => {
  try {
    return await statfs(path);
  } catch (error) {
    // The run may have removed the path already; its parent directory is on the same file system.
    if (systemCode(error) !== 'ENOENT' || path === dirname(path)) throw error;
    return statfsOf(dirname(path));
  }
};

export const fileSystemOf = async (path: string): Promise<FileSystem> => {
  const absolute = resolve(path);
  const { bavail, bsize } = await statfsOf(absolute);
  const mount = mountOf(await readFile('/proc/self/mountinfo', 'utf8'), absolute);
  return { mount, freeMB: Math.floor((bavail * bsize) / 1e6) };
};

/** Among these paths, by environment variable, finds the file system with the least free space. */
export const leastFreeSpace = async <T extends string>(
  paths: Readonly<Record<T, string>>,
): Promise<FileSystem & { readonly variable: T }> => {
  const all = await Promise.all(
    (Object.entries(paths) as [T, string][]).map(async ([variable, path]) => ({
      variable,
      ...(await fileSystemOf(path)),
    })),
  );
  return all.reduce((least, one) => (one.freeMB < least.freeMB ? one : least));
};
