// Collects the files of a directory on the host for a payload disk, from which the guest gets a copy.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, fromLatin1, toLatin1 } from '../../harness/base/byte-path.js';
import { ifExists } from '../../harness/base/if-exists.js';
import { runMarker } from '../../harness/base/run-marker.js';
import type { FileEntry } from './newc.js';
import { payloadSize } from './payload.js';

export interface DirectoryCopy {
  /** Their paths are Latin-1. */
  readonly entries: readonly FileEntry[];
  /** Relative paths of the largest files, which do not fit into the payload. */
  readonly leftOut: readonly string[];
}

/** Maximum length of a path in bytes: the limit of images/guest/payload.c. */
const maxName = 255;

/** Upper bound in bytes for the header, name and padding of a file in the archive. */
const overhead = 512;

interface Found {
  /** As Latin-1. */
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

const ignored = new Set(['node_modules', '.git']);

/**
 * Regular files, and links to regular files. Leaves out directories of artifacts, which do not belong to the
 * driver.
 */
const filesBelow = async (top: string, below = ''): Promise<Found[]> => {
  const entries = await readdir(bytesOf(join(top, below)), { withFileTypes: true, encoding: 'latin1' });
  if (entries.some(({ name }) => name === runMarker)) return [];
  const found = entries
    .filter(({ name }) => !ignored.has(name))
    .map(async (entry): Promise<Found[]> => {
      const path = join(below, entry.name);
      if (entry.isDirectory()) return filesBelow(top, path);
      // A dangling link has no file.
      const facts = await ifExists(stat(bytesOf(join(top, path))));
      if (!facts?.isFile() || path.length > maxName) return [];
      return [{ path, size: facts.size, executable: (facts.mode & 0o100) !== 0 }];
    });
  return (await Promise.all(found)).flat();
};

/**
 * The current files of `directory`, below `at` in the guest. Smaller files are preferred if the payload is
 * too small.
 */
export const copyDirectory = async (directory: string, at: string): Promise<DirectoryCopy> => {
  const top = toLatin1(directory);
  const files = (await filesBelow(top)).sort((left, right) => left.size - right.size);
  let room = payloadSize;
  const taken: Found[] = [];
  for (const file of files) {
    room -= file.size + overhead;
    if (room >= 0) taken.push(file);
  }
  const entries = taken.map(
    async ({ path, executable }): Promise<FileEntry> => ({
      path: join(at, path),
      type: 'file',
      content: await readFile(bytesOf(join(top, path))),
      executable,
    }),
  );
  return {
    entries: await Promise.all(entries),
    leftOut: files.slice(taken.length).map(({ path }) => fromLatin1(path)),
  };
};
