// What is in the cache, how large it is, and which of it can be rebuilt offline.

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { HarnessError } from '../errors.js';
import { cacheDirectory } from './directory.js';
import { removeTree } from './remove-tree.js';
import { whileUnused } from './users.js';

/** A folder of the cache. */
export interface CacheFolder {
  readonly name: string;
  readonly what: string;
  /** Made of the other folders on this host: removing it costs seconds. */
  readonly rebuiltOffline: boolean;
}

/** The locks are not here: whoever waits for one must not find another file in its place. */
export const cacheFolders: readonly CacheFolder[] = [
  { name: 'toolroot', what: 'private Debian with QEMU and gcc', rebuiltOffline: false },
  { name: 'kernels', what: 'unpacked kernels, and debug kernels', rebuiltOffline: false },
  { name: 'kernel-builds', what: 'interrupted builds of debug kernels', rebuiltOffline: false },
  { name: 'apt', what: 'package lists', rebuiltOffline: false },
  { name: 'own-kernels', what: 'kernels of your own (dir:PATH), as they were taken', rebuiltOffline: true },
  { name: 'modules', what: 'built drivers', rebuiltOffline: true },
  { name: 'guest', what: 'initramfs images and the base of data disks', rebuiltOffline: true },
  { name: 'distro', what: 'Debian with systemd for a guest', rebuiltOffline: false },
  { name: 'snapshots', what: 'booted guests', rebuiltOffline: true },
  { name: 'snapshot-use', what: 'when those were last used', rebuiltOffline: true },
  { name: 'accelerator', what: 'what the probe of KVM found', rebuiltOffline: true },
  { name: 'logs', what: 'logs of what failed', rebuiltOffline: true },
];

export interface FolderUsage extends CacheFolder {
  readonly entries: number;
  /** On disk. */
  readonly bytes: number;
}

const pathOf = ({ name }: Pick<CacheFolder, 'name'>): string => join(cacheDirectory(), name);

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** Bytes on disk of a file or a tree; 0 if there is none. */
export const diskUsage = async (path: string): Promise<number> => {
  // Fails where another process removes something meanwhile, and still says how much the rest is.
  const { stdout } = await execa('du', ['--summarize', '--block-size=1', path], { reject: false });
  return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
};

/** The folders that are there, in the order of the table. */
export const measureCache = async (): Promise<FolderUsage[]> => {
  const found: FolderUsage[] = [];
  for (const folder of cacheFolders) {
    const path = pathOf(folder);
    if (!(await isThere(path))) continue;
    const entries = (await readdir(path)).filter((name) => !name.startsWith('.')).length;
    found.push({ ...folder, entries, bytes: await diskUsage(path) });
  }
  return found;
};

/** The folders of these names. UNKNOWN_NAME, naming all, for a name that is none. */
export const chooseFolders = (names: readonly string[]): CacheFolder[] =>
  names.map((name) => {
    const folder = cacheFolders.find((folder) => folder.name === name);
    if (folder !== undefined) return folder;
    const all = cacheFolders.map(({ name }) => name).join(', ');
    throw new HarnessError('UNKNOWN_NAME', { kind: 'folder of the cache', name, valid: all });
  });

/** Removes what the folders hold, but not what another process is making. CACHE_IN_USE, before anything is removed. */
export const clearFolders = (folders: readonly CacheFolder[]): Promise<void> =>
  whileUnused(`the cache (${folders.map(({ name }) => name).join(', ')})`, folders.map(pathOf), async () => {
    for (const path of folders.map(pathOf))
      for (const entry of await readdir(path).catch(() => []))
        if (!entry.includes('.partial-')) await removeTree(join(path, entry));
  });
