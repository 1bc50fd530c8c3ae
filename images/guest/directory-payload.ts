// Files of a directory on the host, for a payload disk: a copy that the guest has.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runMarker } from '../../harness/base/run-marker.js';
import type { FileEntry } from './newc.js';
import { payloadSize } from './payload.js';

export interface DirectoryCopy {
  readonly entries: readonly FileEntry[];
  /** Relative paths of the files that the payload has no room for, the largest of all. */
  readonly leftOut: readonly string[];
}

/** What the program `payload` takes of a name, bytes. */
const maxName = 255;

/** The archive's head, name and padding of a file at most. */
const overhead = 512;

interface Found {
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

const leftAlone = new Set(['node_modules', '.git']);

/** Regular files, also behind links to files. A directory of artifacts is no part of the driver's. */
const filesBelow = async (top: string, below = ''): Promise<Found[]> => {
  const entries = await readdir(join(top, below), { withFileTypes: true });
  if (entries.some(({ name }) => name === runMarker)) return [];
  const found = entries
    .filter(({ name }) => !leftAlone.has(name))
    .map(async (entry): Promise<Found[]> => {
      const path = join(below, entry.name);
      if (entry.isDirectory()) return filesBelow(top, path);
      // A dangling link is no file.
      const facts = await stat(join(top, path)).catch(() => undefined);
      if (!facts?.isFile() || Buffer.byteLength(path) > maxName) return [];
      return [{ path, size: facts.size, executable: (facts.mode & 0o100) !== 0 }];
    });
  return (await Promise.all(found)).flat();
};

/** The files of `directory` as they are now, below `at` in the guest. The smaller ones first, as far as there is room. */
export const copyDirectory = async (directory: string, at: string): Promise<DirectoryCopy> => {
  const files = (await filesBelow(directory)).sort((left, right) => left.size - right.size);
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
      content: await readFile(join(directory, path)),
      executable,
    }),
  );
  return { entries: await Promise.all(entries), leftOut: files.slice(taken.length).map(({ path }) => path) };
};
