// Unpacks lz4's legacy frames, which is what `lz4 -l` makes and the kernel is packed in (lz4_Frame_format.md, lz4_Block_format.md).
// Neither Node nor the tool root has a program for it. Pure.

import { HarnessError } from '../../harness/base/errors.js';

const magic = 0x184c2102;

/** A block holds at most this when unpacked. */
const blockSize = 8 * 2 ** 20;

// Most sequences are a few bytes long: plain loops take a tenth of the time that a call for each would.
const unpackBlock = (data: Buffer): Buffer => {
  const out = Buffer.allocUnsafe(blockSize);
  let at = 0;
  let end = 0;
  /** Lengths of 15 go on in further bytes, until one is not 255. */
  const length = (nibble: number): number => {
    let value = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; value += byte) byte = data.readUInt8(at++);
    return value;
  };
  while (at < data.length) {
    const token = data.readUInt8(at++);
    const literals = length(token >> 4);
    if (at + literals > data.length || end + literals > blockSize)
      throw new RangeError('literals beyond the block');
    for (const stop = end + literals; end < stop; ) out[end++] = data[at++] as number;
    // The last sequence has no match.
    if (at === data.length) break;
    const offset = data.readUInt16LE(at);
    at += 2;
    const match = length(token & 15) + 4;
    if (offset === 0 || offset > end || end + match > blockSize)
      throw new RangeError('a match outside the block');
    // Byte by byte: a match may reach into what it is itself about to write.
    for (const stop = end + match; end < stop; end += 1) out[end] = out[end - offset] as number;
  }
  return out.subarray(0, end);
};

/** The unpacked content. GUEST_BUILD if `packed` is not a legacy frame or is damaged. */
export const unpackLz4 = (packed: Buffer): Buffer => {
  try {
    if (packed.readUInt32LE(0) !== magic) throw new RangeError('no legacy frame');
    const blocks = [];
    for (let at = 4; at < packed.length; ) {
      const size = packed.readUInt32LE(at);
      if (at + 4 + size > packed.length) throw new RangeError('cut short');
      blocks.push(unpackBlock(packed.subarray(at + 4, at + 4 + size)));
      at += 4 + size;
    }
    return Buffer.concat(blocks);
  } catch (error) {
    if (error instanceof RangeError)
      throw new HarnessError('GUEST_BUILD', { reason: `lz4: ${error.message}` }, error);
    throw error;
  }
};
