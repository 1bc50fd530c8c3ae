// The uncompressed kernel: QEMU starts it through its PVH note, and the guest does not have to unpack itself, which takes seconds
// under TCG.

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

/** Programs of the tool root that unpack what comes on their standard input, called with -dc. */
const programs: Readonly<Record<Compression, string>> = { gzip: 'gzip', lz4: 'lz4', xz: 'xz', zstd: 'zstd' };

/** The unpacked content. GUEST_BUILD if `packed` is damaged. */
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
    const unpacked = await unpack(compression, packed, root);
    if (unpacked.toString('latin1', 0, 4) !== elf) {
      throw new HarnessError('GUEST_BUILD', { reason: `what ${kernel.bootImage} holds is not an ELF` });
    }
    await writeFile(temporary, unpacked);
  });
};
