// Chooses the image for a cold boot: the uncompressed kernel if possible, because under TCG a guest takes
// seconds to unpack itself.

import { readFile } from 'node:fs/promises';
import { codeOf } from '../../harness/base/errors.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { ensureVmlinux } from './vmlinux.js';

interface BootKernel {
  readonly release: string;
  readonly bootImage: string;
  readonly config: string;
}

/**
 * The path of a vmlinux in the cache, or of the kernel's own image. Rejects if unpacking fails for another
 * reason than an unknown format.
 */
export const ensureBootImage = async (
  kernel: BootKernel,
  root: ToolRoot,
  unpack: typeof ensureVmlinux = ensureVmlinux,
): Promise<string> => {
  // QEMU finds the entry point of an ELF file only through its PVH note.
  if (!/^CONFIG_PVH=y$/m.test(await readFile(kernel.config, 'utf8'))) return kernel.bootImage;
  try {
    return await unpack(kernel, root);
  } catch (error) {
    // A user's kernel may be packed in an unknown format. It can unpack itself, only more slowly.
    if (codeOf(error) === 'GUEST_BUILD') return kernel.bootImage;
    throw error;
  }
};
