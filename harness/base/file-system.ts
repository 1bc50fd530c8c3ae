// The file system that a path is on, for errors of a host that has no space left.

import type { StatsFs } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

export interface FileSystem {
  /** Where it is mounted. */
  readonly mount: string;
  /** What an ordinary user may still use, in 10^6 bytes, rounded down. */
  readonly freeMB: number;
}

/** Errors of a file system or a quota with no room for what was written. */
const fullCodes: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

/** Words that programs use for the same (strerror of glibc). */
const fullText = /No space left on device|Disk quota exceeded/;

/** Whether the output of a program says that a file system is full. */
export const textSaysFull = (text: string): boolean => fullText.test(text);

/** Whether `error`, or what caused it, says that a file system is full. */
export const saysFull = (error: unknown): boolean =>
  error instanceof Error &&
  (fullCodes.includes((error as NodeJS.ErrnoException).code) ||
    fullText.test(error.message) ||
    saysFull(error.cause));

/** Octal escapes of /proc/self/mountinfo: space, tab, newline, backslash (proc(5)). */
const unescaped = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** The mount point with the longest path in `mountinfo` that `path`, an absolute one, is at or below. */
export const mountOf = (mountinfo: string, path: string): string => {
  const points = mountinfo.split('\n').flatMap((line) => {
    const point = line.split(' ')[4];
    return point === undefined ? [] : [unescaped(point)];
  });
  const above = points.filter((point) => point === '/' || path === point || path.startsWith(`${point}/`));
  return above.reduce((longest, point) => (point.length > longest.length ? point : longest), '/');
};

const statfsOf = async (path: string): Promise<StatsFs> => {
  try {
    return await statfs(path);
  } catch (error) {
    // What a run removes is asked about after it is gone: the directory that held it is on the same file system.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) throw error;
    return statfsOf(dirname(path));
  }
};

export const fileSystemOf = async (path: string): Promise<FileSystem> => {
  const absolute = resolve(path);
  const { bavail, bsize } = await statfsOf(absolute);
  const mount = mountOf(await readFile('/proc/self/mountinfo', 'utf8'), absolute);
  return { mount, freeMB: Math.floor((bavail * bsize) / 1e6) };
};

/** The one of these paths whose file system has least space, with the variable that moves it. */
export const fullest = async <T extends string>(
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
