// Finds the compressed kernel inside a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset,
// payload_length). Pure.

import { HarnessError } from '../../harness/base/errors.js';

export type Compression = 'gzip' | 'xz' | 'lz4' | 'zstd';

/** The magic numbers of the formats that an x86 kernel may be packed in. lz4 is its legacy frame format. */
const MAGICS: readonly (readonly [Compression, string])[] = [
  ['gzip', '1f8b'],
  ['xz', 'fd377a585a00'],
  ['lz4', '02214c18'],
  ['zstd', '28b52ffd'],
];

const SECTOR_SIZE = 512;

const bad = (reason: string): HarnessError =>
  new HarnessError('GUEST_BUILD', { reason: `the kernel image ${reason}` });

/**
 * The packed vmlinux and its compression. Throws GUEST_BUILD unless `image` is a complete bzImage of boot
 * protocol 2.08 or later.
 */
export const readBzImage = (image: Buffer): { compression: Compression; packed: Buffer } => {
  if (image.length < 0x250 || image.toString('latin1', 0x202, 0x206) !== 'HdrS')
    throw bad('is not a bzImage');
  if (image.readUInt16LE(0x206) < 0x208) throw bad('uses a boot protocol before 2.08');
  const start = ((image[0x1f1] || 4) + 1) * SECTOR_SIZE + image.readUInt32LE(0x248);
  const end = start + image.readUInt32LE(0x24c);
  if (end > image.length) throw bad('is truncated');
  const payload = image.subarray(start, end);
  const found = MAGICS.find(([, magic]) => payload.toString('hex', 0, magic.length / 2) === magic);
  if (found === undefined) throw bad(`has an unknown compression format: ${payload.toString('hex', 0, 6)}`);
  // The kernel's build appends the unpacked size. gzip data ends with it anyway; the other tools reject it as
  // trailing garbage.
  const packed = found[0] === 'gzip' ? payload : payload.subarray(0, -4);
  return { compression: found[0], packed };
};
