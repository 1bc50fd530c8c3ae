// Which image QEMU starts for a cold boot: the uncompressed kernel where that can be, because unpacking itself takes a guest seconds under TCG.
import { readFile } from 'node:fs/promises';
import { codeOf } from '../../harness/base/errors.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { ensureVmlinux } from './vmlinux.js';

interface BootKernel {
  readonly release: string;
  readonly bootImage: string;
  readonly config: string;
}

/** The path of a vmlinux in the cache, or the kernel's own image. Throws what unpacking throws. */
export const ensureBootImage = async (
  kernel: BootKernel,
  root: ToolRoot,
  unpack: typeof ensureVmlinux = ensureVmlinux,
): Promise<string> => {
  // QEMU finds the entry of an ELF in its PVH note alone.
  if (!/^CONFIG_PVH=y$/m.test(await readFile(kernel.config, 'utf8'))) return kernel.bootImage;
  try {
    return await unpack(kernel, root);
  } catch (error) {
    // A kernel of one's own may be packed in a way that is unknown here; it unpacks itself, only slower.
    if (codeOf(error) === 'GUEST_BUILD') return kernel.bootImage;
    throw error;
  }
};
