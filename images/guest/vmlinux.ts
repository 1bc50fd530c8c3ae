// The uncompressed kernel: QEMU starts it through its PVH note, and the guest does not have to unpack itself, which takes seconds
// under TCG.

import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { HarnessError } from '../../harness/base/errors.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import { type Compression, readBzImage } from './bzimage.js';
import { unpackLz4 } from './lz4.js';

const byProgram =
  (program: string) =>
  async (packed: Buffer, root: ToolRoot): Promise<Buffer> => {
    const { stdout } = await runInToolRoot(root, [program, '-dc'], {
      host: { input: packed, encoding: 'buffer', maxBuffer: 512 * 2 ** 20 },
    });
    return Buffer.from(stdout);
  };

const unpackers: Readonly<Record<Compression, (packed: Buffer, root: ToolRoot) => Promise<Buffer>>> = {
  gzip: (packed) => promisify(gunzip)(packed),
  lz4: async (packed) => unpackLz4(packed),
  xz: byProgram('xz'),
  zstd: byProgram('zstd'),
};

const elf = '\x7fELF';

const isElf = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(elf.length) });
    return buffer.toString('latin1') === elf;
  } finally {
    await file.close();
  }
};

/** The path of the uncompressed kernel for a bzImage; an ELF image is returned as it is. GUEST_BUILD if it is neither. */
export const ensureVmlinux = async (
  kernel: { release: string; bootImage: string },
  root: ToolRoot,
): Promise<string> => {
  const { size, mtimeMs } = await stat(kernel.bootImage);
  const key = createHash('sha256')
    .update([kernel.bootImage, size, mtimeMs].join('\n'))
    .digest('hex')
    .slice(0, 16);
  const target = join(cacheDirectory(), 'guest', `${kernel.release}-${key}.vmlinux`);
  if (await isElf(kernel.bootImage)) return kernel.bootImage;
  return publish(target, async (temporary) => {
    const image = await readFile(kernel.bootImage);
    const { compression, packed } = readBzImage(image);
    const unpacked = await unpackers[compression](packed, root);
    if (unpacked.toString('latin1', 0, 4) !== elf) {
      throw new HarnessError('GUEST_BUILD', { reason: `what ${kernel.bootImage} holds is not an ELF` });
    }
    await writeFile(temporary, unpacked);
  });
};
