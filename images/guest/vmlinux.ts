// Unpacks the kernel. QEMU starts the uncompressed kernel through its PVH note; under TCG the guest would
// take seconds to unpack itself.

import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { HarnessError } from '../../harness/base/errors.js';
import { firstLine, printable } from '../../harness/base/text.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { runInToolRoot } from '../toolroot/run.js';
import { type Compression, readBzImage } from './bzimage.js';
import { ELF_MAGIC, ELF64_HEADER_BYTES, sectionsEnd } from './elf-header.js';

/** Programs of the tool root that unpack standard input when called with -dc. */
const programs: Readonly<Record<Compression, string>> = { gzip: 'gzip', lz4: 'lz4', xz: 'xz', zstd: 'zstd' };

/** Unpacks `packed`. Rejects with GUEST_BUILD if it is damaged. */
export const unpack = async (compression: Compression, packed: Buffer, root: ToolRoot): Promise<Buffer> => {
  const program = programs[compression];
  const { stdout, stderr, failed } = await runInToolRoot(root, [program, '-dc'], {
    host: { input: packed, encoding: 'buffer', maxBuffer: 512 * 2 ** 20, reject: false },
  });
  if (!failed) return Buffer.from(stdout);
  const reason = `${program}: ${printable(
    firstLine(
      Buffer.from(stderr ?? [])
        .toString()
        .trim(),
    ),
  )}`;
  throw new HarnessError('GUEST_BUILD', { reason });
};

const isElf = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(ELF_MAGIC.length) });
    return buffer.toString('latin1') === ELF_MAGIC;
  } finally {
    await file.close();
  }
};

/** False for an ELF file that is cut short. */
const isWholeElf = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r');
  try {
    const found = await file.stat();
    if (!found.isFile()) return false;
    const { buffer } = await file.read({ buffer: Buffer.alloc(ELF64_HEADER_BYTES) });
    return found.size >= sectionsEnd(buffer);
  } finally {
    await file.close();
  }
};

/**
 * The path of the uncompressed kernel of a bzImage. An ELF image is returned unchanged. Rejects with
 * GUEST_BUILD for another format.
 */
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
  const build = async (temporary: string): Promise<void> => {
    const image = await readFile(kernel.bootImage);
    const { compression, packed } = readBzImage(image);
    const unpacked = await unpack(compression, packed, root);
    if (unpacked.toString('latin1', 0, 4) !== ELF_MAGIC) {
      throw new HarnessError('GUEST_BUILD', {
        reason: `the unpacked content of ${kernel.bootImage} is not an ELF file`,
      });
    }
    await writeFile(temporary, unpacked);
  };
  return publish(target, build, { isIntact: isWholeElf });
};
