// The initramfs of the distribution guest, which contains only busybox and the disk's drivers.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { asset } from '../asset.js';
import { type GuestKernel, isWholeArchive, moduleEntries } from '../guest/initramfs.js';
import { fileFromRoot, overlay } from '../guest/inventory.js';
import { type Entry, newc } from '../guest/newc.js';
import { moduleClosure } from '../kernels/closure.js';
import type { ToolRoot } from '../toolroot/enter.js';

const modules = ['virtio_pci', 'virtio_blk', 'ext4'];

const directories = ['dev', 'proc', 'sys', 'sysroot'];

/** Makes the archive. The same kernel and tool root make the same bytes. */
export const distroInitramfs = async (kernel: GuestKernel, root: ToolRoot): Promise<Buffer> => {
  const parts = await Promise.all([
    directories.map((path): Entry => ({ path, type: 'directory' })),
    overlay(asset('distro', 'initramfs')),
    [await fileFromRoot(root, 'usr/bin/busybox', 'bin/busybox', true)],
    moduleEntries(kernel, root, await moduleClosure(kernel, modules)),
  ]);
  return newc(parts.flat());
};

/**
 * The path of the initramfs for `kernel` in the cache. The archive is always made, to name the file by a hash
 * of its content: that takes no longer than a lookup by inputs.
 */
export const ensureDistroInitramfs = async (kernel: GuestKernel, root: ToolRoot): Promise<string> => {
  const archive = await distroInitramfs(kernel, root);
  const key = createHash('sha256').update(archive).digest('hex').slice(0, 16);
  return publish(
    join(cacheDirectory(), 'distro', 'initramfs', `${kernel.release}-${key}.cpio`),
    (temporary) => writeFile(temporary, archive),
    { isIntact: isWholeArchive },
  );
};
