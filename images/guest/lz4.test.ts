import fc from 'fast-check';
import t from 'tap';
import { unpackLz4 } from './lz4.js';

const magic = Buffer.from('02214c18', 'hex');

const frame = (...blocks: Buffer[]): Buffer =>
  Buffer.concat([
    magic,
    ...blocks.flatMap((block) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(block.length);
      return [size, block];
    }),
  ]);

/** The bytes behind a nibble of 15. */
const more = (value: number): number[] =>
  value < 15 ? [] : [...Array<number>(Math.floor((value - 15) / 255)).fill(255), (value - 15) % 255];

const sequence = (literals: Buffer, match?: { offset: number; length: number }): Buffer => {
  const extra = match ? match.length - 4 : 0;
  const token = (Math.min(15, literals.length) << 4) | Math.min(15, extra);
  const tail = match ? [match.offset & 255, match.offset >> 8, ...more(extra)] : [];
  return Buffer.concat([Buffer.from([token, ...more(literals.length)]), literals, Buffer.from(tail)]);
};

t.test('literals, matches, and matches that reach into themselves', async (t) => {
  const block = Buffer.concat([
    sequence(Buffer.from('abc'), { offset: 3, length: 4 }),
    sequence(Buffer.from('-'), { offset: 1, length: 300 }),
    sequence(Buffer.from('end')),
  ]);
  t.equal(unpackLz4(frame(block)).toString(), `abcabca${'-'.repeat(301)}end`);
});

t.test('several blocks, and none', async (t) => {
  t.equal(
    unpackLz4(frame(sequence(Buffer.from('one ')), sequence(Buffer.from('two')))).toString(),
    'one two',
  );
  t.equal(unpackLz4(frame()).length, 0);
});

t.test('literals of any length', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1200 }), (bytes) => {
      const data = Buffer.from(bytes);
      return unpackLz4(frame(sequence(data))).equals(data);
    }),
    { numRuns: 60 },
  );
});

t.test('damage is an error, never a wrong kernel', async (t) => {
  const good = frame(sequence(Buffer.from('abcdef'), { offset: 6, length: 8 }), sequence(Buffer.from('x')));
  const cases: Record<string, Buffer> = {
    'another format': Buffer.from('28b52ffd00000000', 'hex'),
    empty: Buffer.alloc(0),
    'cut in the middle': good.subarray(0, -1),
    'a match before the start': frame(sequence(Buffer.from('a'), { offset: 2, length: 4 })),
    'a match at no distance': frame(sequence(Buffer.from('a'), { offset: 0, length: 4 })),
    'literals beyond the end': frame(Buffer.from([0x50, 0x61])),
    'more than a block holds': frame(sequence(Buffer.from('a'), { offset: 1, length: 9 * 2 ** 20 })),
  };
  for (const [name, bytes] of Object.entries(cases))
    t.throws(() => unpackLz4(bytes), { code: 'GUEST_BUILD' }, name);
});
