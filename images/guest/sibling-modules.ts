// The drivers of the other devices in vmd's machine. They are not in the initramfs, because few guests need
// them.

import { relative } from 'node:path';
import { moduleClosure } from '../kernels/closure.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { diskModules, type GuestKernel, readModule } from './initramfs.js';
import type { FileEntry } from './newc.js';

/** Module names for modprobe: entropy, network, SCSI host, CD-ROM. */
export const siblingDrivers = ['virtio-rng', 'virtio_net', 'virtio_scsi', 'sr_mod'] as const;

/**
 * The files of these kernel modules and their dependencies for a payload, without those in the initramfs.
 * Rejects with KERNEL_MODULE.
 */
export const kernelModules = async (
  kernel: GuestKernel,
  root: ToolRoot,
  names: readonly string[],
): Promise<FileEntry[]> => {
  const inInitramfs = new Set(await moduleClosure(kernel, diskModules));
  const missing = (await moduleClosure(kernel, names)).filter((path) => !inInitramfs.has(path));
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

/** The driver files of vmd's other devices. Rejects with KERNEL_MODULE. */
export const siblingModules = (kernel: GuestKernel, root: ToolRoot): Promise<FileEntry[]> =>
  kernelModules(kernel, root, siblingDrivers);
