// The initramfs of the distribution guest: busybox and the driver of its disk, no more.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { asset } from '../asset.js';
import { type GuestKernel, moduleEntries } from '../guest/initramfs.js';
import { fromRoot, overlay } from '../guest/inventory.js';
import { type Entry, newc } from '../guest/newc.js';
import { moduleClosure } from '../kernels/closure.js';
import type { ToolRoot } from '../toolroot/enter.js';

const wanted = ['virtio_pci', 'virtio_blk', 'ext4'];

const directories = ['dev', 'proc', 'sys', 'sysroot'];

/** The archive: the same bytes for the same kernel and tool root. */
export const distroInitramfs = async (kernel: GuestKernel, root: ToolRoot): Promise<Buffer> => {
  const parts = await Promise.all([
    directories.map((path): Entry => ({ path, type: 'directory' })),
    overlay(asset('distro', 'initramfs')),
    [await fromRoot(root, 'usr/bin/busybox', 'bin/busybox', true)],
    moduleEntries(kernel, root, await moduleClosure(kernel, wanted)),
  ]);
  return newc(parts.flat());
};

/** The path of the initramfs for `kernel` in the cache. Its name is that of its content: making it is as quick as looking for it. */
export const ensureDistroInitramfs = async (kernel: GuestKernel, root: ToolRoot): Promise<string> => {
  const archive = await distroInitramfs(kernel, root);
  const key = createHash('sha256').update(archive).digest('hex').slice(0, 16);
  return publish(
    join(cacheDirectory(), 'distro', 'initramfs', `${kernel.release}-${key}.cpio`),
    (temporary) => writeFile(temporary, archive),
  );
};
