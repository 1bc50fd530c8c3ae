// The initramfs of the test guest, made once for each kernel and tool root and kept in the cache.

import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { moduleClosure } from '../kernels/closure.js';
import type { Architecture } from '../packages/architecture.js';
import type { ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { runInToolRoot } from '../toolroot/run.js';
import { inventory, overlay, programSources } from './inventory.js';
import { archiveEnd, type Entry, type FileEntry, newc } from './newc.js';
import { ensureUserland, type Userland } from './userland.js';

/** The modules that disks need: bus, disk and file system. */
export const diskModules = ['virtio_pci', 'virtio_blk', 'ext4'];

/** Part of every cache key. Increment it when this file makes a different archive from the same inputs. */
const recipe = 1;

export interface GuestKernel {
  release: string;
  /** Version of the kernel's package. */
  version: string;
  architecture: Architecture;
  modulesDirectory: string;
}

const unpackers: Readonly<Record<string, string>> = { '.xz': 'xz', '.zst': 'zstd' };

/** The unpacked content of a module, because busybox's insmod does not unpack. */
export const readModule = async (root: ToolRoot, path: string): Promise<Buffer> => {
  const packed = await readFile(path);
  const tool = unpackers[/\.\w+$/.exec(path)?.[0] ?? ''];
  if (tool === undefined) return packed;
  const { stdout } = await runInToolRoot(root, [tool, '-dc'], {
    host: { input: packed, encoding: 'buffer' },
  });
  return Buffer.from(stdout);
};

/** The modules at `paths`, unpacked, and /etc/boot-modules, which lists them in that order. */
export const moduleEntries = async (
  kernel: GuestKernel,
  root: ToolRoot,
  paths: readonly string[],
): Promise<Entry[]> => {
  const base = `lib/modules/${kernel.release}`;
  const files = await Promise.all(
    paths.map(async (path): Promise<FileEntry> => {
      const name = relative(kernel.modulesDirectory, path).replace(/\.(xz|zst)$/, '');
      return { path: `${base}/${name}`, type: 'file', content: await readModule(root, path) };
    }),
  );
  // modules.builtin tells modprobe which modules need no loading.
  const builtin = await readFile(join(kernel.modulesDirectory, 'modules.builtin'));
  return [
    ...files,
    { path: `${base}/modules.builtin`, type: 'file', content: builtin },
    {
      path: 'etc/boot-modules',
      type: 'file',
      content: Buffer.from(files.map(({ path }) => `/${path}\n`).join('')),
    },
  ];
};

const keyOf = async (
  kernel: GuestKernel,
  { versions }: Userland,
  modules: readonly string[],
): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify([recipe, kernel.release, kernel.version]));
  for (const file of [versions, ...(await programSources())]) {
    hash.update(await readFile(file));
  }
  hash.update(newc(await overlay()));
  for (const path of modules) {
    const { size, mtimeMs } = await stat(path);
    hash.update(JSON.stringify([relative(kernel.modulesDirectory, path), size, mtimeMs]));
  }
  return hash.digest('hex').slice(0, 16);
};

/** Makes the archive. The same kernel and tool root always give the same bytes. */
export const guestInitramfs = async (
  kernel: GuestKernel,
  root: ToolRoot,
  userland: Userland,
): Promise<Buffer> => {
  const modules = await moduleClosure(kernel, diskModules);
  const [common, kernelModules] = await Promise.all([
    inventory(root, userland),
    moduleEntries(kernel, root, modules),
  ]);
  return newc([...common, ...kernelModules]);
};

/** False for an archive that is cut short: a guest would boot without some of its programs. */
export const isWholeArchive = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r');
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size < archiveEnd.length) return false;
    const position = found.size - archiveEnd.length;
    const { buffer } = await file.read({ buffer: Buffer.alloc(archiveEnd.length), position });
    return buffer.equals(archiveEnd);
  } finally {
    await file.close();
  }
};

/**
 * The path of the initramfs for `kernel`; makes it if it is not in the cache. Its name changes with its
 * inputs.
 */
export const ensureInitramfs = async (
  kernel: GuestKernel,
  root: ToolRoot,
  options: ProgressOptions = {},
): Promise<string> => {
  const userland = await ensureUserland(kernel.architecture, root, options);
  const modules = await moduleClosure(kernel, diskModules);
  const key = await keyOf(kernel, userland, modules);
  return publish(
    join(cacheDirectory(), 'guest', `${kernel.release}-${key}.cpio`),
    async (temporary) => writeFile(temporary, await guestInitramfs(kernel, root, userland)),
    { isIntact: isWholeArchive },
  );
};
