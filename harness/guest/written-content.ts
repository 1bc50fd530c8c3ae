// Computes what images/guest/writer.c writes to a file. A seed determines the content, so the guest need not
// send it.

/**
 * The first `bytes` bytes of the numbers that xorshift32 (Marsaglia 2003; 13, 17, 5) makes from `seed`, in
 * little-endian order. The seed must not be 0, which would give only zeros.
 */
export const writtenContent = (seed: number, bytes: number): Buffer => {
  const content = Buffer.alloc(4 * Math.ceil(bytes / 4));
  let state = seed;
  for (let at = 0; at < content.length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    content.writeInt32LE(state, at);
  }
  return content.subarray(0, bytes);
};
