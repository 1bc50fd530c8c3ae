// The initramfs: built once for each kernel and tool root, then found in the cache.

import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { moduleClosure } from '../kernels/closure.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import { inventory, overlay, programSources } from './inventory.js';
import { type Entry, type FileEntry, newc } from './newc.js';

/** What the disks need: the bus, the disk, the file system on it. */
export const wanted = ['virtio_pci', 'virtio_blk', 'ext4'];

/** Part of every cache key: raise it when this file makes something else of the same inputs. */
const recipe = 1;

export interface GuestKernel {
  release: string;
  /** Version of its package. */
  version: string;
  modulesDirectory: string;
}

const unpackers: Readonly<Record<string, string>> = { '.xz': 'xz', '.zst': 'zstd' };

/** A module's content, unpacked: busybox's insmod takes it as it is. */
export const readModule = async (root: ToolRoot, path: string): Promise<Buffer> => {
  const packed = await readFile(path);
  const tool = unpackers[/\.\w+$/.exec(path)?.[0] ?? ''];
  if (tool === undefined) return packed;
  const { stdout } = await runInToolRoot(root, [tool, '-dc'], {
    host: { input: packed, encoding: 'buffer' },
  });
  return Buffer.from(stdout);
};

/** The modules at `paths`, unpacked, and /etc/boot-modules, which names them in that order. */
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
  // With it modprobe knows what needs no loading.
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

const keyOf = async (kernel: GuestKernel, root: ToolRoot, modules: readonly string[]): Promise<string> => {
  const hash = createHash('sha256').update(JSON.stringify([recipe, kernel.release, kernel.version]));
  // dpkg's own list names every package of the tool root with its version.
  for (const file of [join(root.path, 'var/lib/dpkg/status'), ...(await programSources())]) {
    hash.update(await readFile(file));
  }
  hash.update(newc(await overlay()));
  for (const path of modules) {
    const { size, mtimeMs } = await stat(path);
    hash.update(JSON.stringify([relative(kernel.modulesDirectory, path), size, mtimeMs]));
  }
  return hash.digest('hex').slice(0, 16);
};

/** The archive: the same bytes for the same kernel and tool root. */
export const guestInitramfs = async (kernel: GuestKernel, root: ToolRoot): Promise<Buffer> => {
  const modules = await moduleClosure(kernel, wanted);
  const [common, own] = await Promise.all([inventory(root), moduleEntries(kernel, root, modules)]);
  return newc([...common, ...own]);
};

/** The path of the initramfs for `kernel`, made if it is not in the cache. The name changes with anything that went into it. */
export const ensureInitramfs = async (kernel: GuestKernel, root: ToolRoot): Promise<string> => {
  const modules = await moduleClosure(kernel, wanted);
  const key = await keyOf(kernel, root, modules);
  return publish(join(cacheDirectory(), 'guest', `${kernel.release}-${key}.cpio`), async (temporary) =>
    writeFile(temporary, await guestInitramfs(kernel, root)),
  );
};
