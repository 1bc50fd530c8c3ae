// Unpacks lz4's legacy frames, which is what `lz4 -l` makes and the kernel is packed in (lz4_Frame_format.md, lz4_Block_format.md).
// Neither Node nor the tool root has a program for it. Pure.

import { HarnessError } from '../../harness/errors.js';

const magic = 0x184c2102;

/** A block holds at most this when unpacked. */
const blockSize = 8 * 2 ** 20;

/** Lengths of 15 go on in further bytes, until one is not 255. */
const length = (data: Buffer, at: number, nibble: number): [value: number, at: number] => {
  let value = nibble;
  let next = at;
  if (nibble === 15) {
    let byte: number;
    do {
      byte = data.readUInt8(next++);
      value += byte;
    } while (byte === 255);
  }
  return [value, next];
};

const unpackBlock = (data: Buffer): Buffer => {
  const out = Buffer.allocUnsafe(blockSize);
  let at = 0;
  let end = 0;
  while (at < data.length) {
    const token = data.readUInt8(at);
    const [literals, from] = length(data, at + 1, token >> 4);
    if (from + literals > data.length || end + literals > blockSize)
      throw new RangeError('literals beyond the block');
    data.copy(out, end, from, from + literals);
    end += literals;
    at = from + literals;
    // The last sequence has no match.
    if (at === data.length) break;
    const offset = data.readUInt16LE(at);
    const [extra, next] = length(data, at + 2, token & 15);
    at = next;
    let left = extra + 4;
    if (offset === 0 || offset > end || end + left > blockSize)
      throw new RangeError('a match outside the block');
    // A match may reach into what it is itself about to write: so much at a time as is there.
    for (; left > 0; ) {
      const count = Math.min(left, offset);
      out.copy(out, end, end - offset, end - offset + count);
      end += count;
      left -= count;
    }
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
