// The folders of the cache: their purpose, their size, and whether they can be rebuilt offline.

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { HarnessError } from '../errors.js';
import { ifExists, namesIn } from '../if-exists.js';
import { cachePath } from './directory.js';
import { removeTree } from './remove-tree.js';
import { whileUnused } from './users.js';

/** A folder of the cache. */
export interface CacheFolder {
  readonly name: string;
  /** A description for people. */
  readonly what: string;
  /** It is built from the other folders, without the network, in seconds. */
  readonly rebuiltOffline: boolean;
}

/**
 * The folder `locks` is not listed: replacing a lock file while a process waits for it would break the lock.
 */
export const cacheFolders: readonly CacheFolder[] = [
  { name: 'toolroot', what: 'private Debian with QEMU and gcc', rebuiltOffline: false },
  { name: 'kernels', what: 'unpacked kernels, and debug kernels', rebuiltOffline: false },
  { name: 'kernel-builds', what: 'interrupted builds of debug kernels', rebuiltOffline: false },
  { name: 'apt', what: 'package lists', rebuiltOffline: false },
  { name: 'own-kernels', what: 'copies of your own kernels (dir:PATH)', rebuiltOffline: true },
  { name: 'modules', what: 'built drivers', rebuiltOffline: true },
  { name: 'guest', what: 'initramfs images and the base of data disks', rebuiltOffline: true },
  { name: 'userland', what: '32-bit programs for guests', rebuiltOffline: false },
  { name: 'browser', what: 'Chromium for tests of the HTML report', rebuiltOffline: false },
  { name: 'distro', what: 'Debian with systemd for guests', rebuiltOffline: false },
  { name: 'snapshots', what: 'snapshots of booted guests', rebuiltOffline: true },
  { name: 'snapshot-use', what: 'times of last use of the snapshots', rebuiltOffline: true },
  { name: 'accelerator', what: 'result of the KVM probe', rebuiltOffline: true },
  { name: 'logs', what: 'logs of failed builds', rebuiltOffline: true },
];

export interface FolderUsage extends CacheFolder {
  readonly entries: number;
  /** The size on disk. */
  readonly bytes: number;
}

const pathOf = ({ name }: Pick<CacheFolder, 'name'>): string => join(cachePath(), name);

/** The bytes on disk of a file or a tree; 0 if it does not exist. */
export const diskUsage = async (path: string): Promise<number> => {
  // du(1) fails if another process removes a file meanwhile, but still prints the size of the rest.
  const { stdout } = await execa('du', ['--summarize', '--block-size=1', path], { reject: false });
  return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
};

/** The folders that exist, in the order of the table. */
export const measureCache = async (): Promise<FolderUsage[]> => {
  const found: FolderUsage[] = [];
  for (const folder of cacheFolders) {
    const path = pathOf(folder);
    if ((await ifExists(lstat(path))) === undefined) continue;
    const entries = (await readdir(path)).filter((name) => !name.startsWith('.')).length;
    found.push({ ...folder, entries, bytes: await diskUsage(path) });
  }
  return found;
};

/** The folders with these names. Throws UNKNOWN_NAME, which lists the valid names. */
export const chooseFolders = (names: readonly string[]): CacheFolder[] =>
  names.map((name) => {
    const folder = cacheFolders.find((folder) => folder.name === name);
    if (folder !== undefined) return folder;
    const all = cacheFolders.map(({ name }) => name).join(', ');
    throw new HarnessError('UNKNOWN_NAME', { kind: 'cache folder', name, valid: all });
  });

/**
 * Empties the folders, but keeps entries that are being built. Rejects with CACHE_IN_USE before anything is
 * removed.
 */
export const clearFolders = (folders: readonly CacheFolder[]): Promise<void> =>
  whileUnused(`the cache (${folders.map(({ name }) => name).join(', ')})`, folders.map(pathOf), async () => {
    for (const path of folders.map(pathOf))
      for (const entry of await namesIn(path))
        if (!entry.includes('.partial-')) await removeTree(join(path, entry));
  });
