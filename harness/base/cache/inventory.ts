// What is in the cache, how large it is, and which of it can be made again without the network.

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { HarnessError } from '../errors.js';
import { cacheDirectory } from './directory.js';
import { removeTree } from './remove-tree.js';

/** A directory of the cache. */
export interface Shelf {
  readonly name: string;
  readonly what: string;
  /** Made from the rest, on this host: nothing is lost with it but seconds. */
  readonly remade: boolean;
}

/** The locks are not here: whoever waits for one must not find another file in its place. */
export const shelves: readonly Shelf[] = [
  { name: 'toolroot', what: 'private Debian with QEMU and gcc', remade: false },
  { name: 'kernels', what: 'unpacked kernels', remade: false },
  { name: 'apt', what: 'package lists', remade: false },
  { name: 'own-kernels', what: 'kernels of your own (dir:PATH), as they were taken', remade: true },
  { name: 'modules', what: 'built drivers', remade: true },
  { name: 'guest', what: 'initramfs images and the base of data disks', remade: true },
  { name: 'distro', what: 'Debian with systemd for a guest', remade: false },
  { name: 'snapshots', what: 'booted guests', remade: true },
  { name: 'snapshot-use', what: 'when those were last used', remade: true },
  { name: 'accelerator', what: 'what the probe of KVM found', remade: true },
  { name: 'logs', what: 'logs of what failed', remade: true },
];

export interface Stock extends Shelf {
  readonly entries: number;
  /** On disk. */
  readonly bytes: number;
}

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

/** What is there, in the order of the table. */
export const takeStock = async (): Promise<Stock[]> => {
  const found: Stock[] = [];
  for (const shelf of shelves) {
    const path = join(cacheDirectory(), shelf.name);
    if (!(await isThere(path))) continue;
    const entries = (await readdir(path)).filter((name) => !name.startsWith('.')).length;
    found.push({ ...shelf, entries, bytes: await diskUsage(path) });
  }
  return found;
};

/** The shelves of these names. UNKNOWN_NAME, naming all, for one that is none. */
export const chooseShelves = (names: readonly string[]): Shelf[] =>
  names.map((name) => {
    const shelf = shelves.find((shelf) => shelf.name === name);
    if (shelf !== undefined) return shelf;
    const all = shelves.map(({ name }) => name).join(', ');
    throw new HarnessError('UNKNOWN_NAME', { kind: 'cache entry', name, valid: all });
  });

/** Removes what a shelf holds, but not what another process is making at this moment. */
export const clearShelf = async ({ name }: Shelf): Promise<void> => {
  const path = join(cacheDirectory(), name);
  for (const entry of await readdir(path).catch(() => [])) {
    if (!entry.includes('.partial-')) await removeTree(join(path, entry));
  }
};
