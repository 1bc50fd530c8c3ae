// The drivers of the devices that vmd's machine has besides. They are not in the initramfs: few guests have a
// use for them.

import { relative } from 'node:path';
import { moduleClosure } from '../kernels/closure.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { type GuestKernel, readModule, wanted } from './initramfs.js';
import type { FileEntry } from './newc.js';

/** As modprobe takes them: entropy, network, SCSI host, CD-ROM. */
export const siblingDrivers = ['virtio-rng', 'virtio_net', 'virtio_scsi', 'sr_mod'] as const;

/**
 * Files of modules of the kernel, and of what those need, for a payload: without the ones in the initramfs.
 * KERNEL_MODULE.
 */
export const kernelModules = async (
  kernel: GuestKernel,
  root: ToolRoot,
  names: readonly string[],
): Promise<FileEntry[]> => {
  const there = new Set(await moduleClosure(kernel, wanted));
  const missing = (await moduleClosure(kernel, names)).filter((path) => !there.has(path));
  return Promise.all(
    missing.map(async (path): Promise<FileEntry> => {
      const name = relative(kernel.modulesDirectory, path).replace(/\.(xz|zst)$/, '');
      return {
        path: `lib/modules/${kernel.release}/${name}`,
        type: 'file',
        content: await readModule(root, path),
      };
    }),
  );
};

/** The files of the drivers of vmd's other devices. KERNEL_MODULE. */
export const siblingModules = (kernel: GuestKernel, root: ToolRoot): Promise<FileEntry[]> =>
  kernelModules(kernel, root, siblingDrivers);
