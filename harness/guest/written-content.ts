// What images/guest/writer.c writes into a file: told by a number, so nobody has to carry it out of the guest.

/** `bytes` of the words that xorshift32 (Marsaglia 2003; 13, 17, 5) makes of `seed`, the lowest byte first. A seed of 0 would make zeros alone. */
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
