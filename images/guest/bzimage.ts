// The compressed kernel inside a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length). Pure.

import { HarnessError } from '../../harness/base/errors.js';

export type Compression = 'gzip' | 'xz' | 'lz4' | 'zstd';

/** First bytes of each format that an x86 kernel may be packed in; lz4 is its legacy frame. */
const magics: readonly (readonly [Compression, string])[] = [
  ['gzip', '1f8b'],
  ['xz', 'fd377a585a00'],
  ['lz4', '02214c18'],
  ['zstd', '28b52ffd'],
];

const sector = 512;

const bad = (reason: string): HarnessError =>
  new HarnessError('GUEST_BUILD', { reason: `the kernel image ${reason}` });

/** The packed vmlinux and how it is packed. GUEST_BUILD for anything but a bzImage of boot protocol 2.08 or later. */
export const readBzImage = (image: Buffer): { compression: Compression; packed: Buffer } => {
  if (image.length < 0x250 || image.toString('latin1', 0x202, 0x206) !== 'HdrS')
    throw bad('is not a bzImage');
  if (image.readUInt16LE(0x206) < 0x208) throw bad('is of a boot protocol before 2.08');
  const start = ((image[0x1f1] || 4) + 1) * sector + image.readUInt32LE(0x248);
  const end = start + image.readUInt32LE(0x24c);
  if (end > image.length) throw bad('is cut short');
  const payload = image.subarray(start, end);
  const found = magics.find(([, magic]) => payload.toString('hex', 0, magic.length / 2) === magic);
  if (found === undefined) throw bad(`is packed in an unknown way: ${payload.toString('hex', 0, 6)}`);
  // The build appends the unpacked size, which gzip has at its own end anyway and the other tools take for rubbish.
  const packed = found[0] === 'gzip' ? payload : payload.subarray(0, -4);
  return { compression: found[0], packed };
};
