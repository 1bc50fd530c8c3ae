import fc from 'fast-check';
import t from 'tap';
import { decodeProbes } from './decode.js';
import { compiledProbes, layout, maxProbes } from './probe-code.js';

/** As the C code writes it. */
const encode = (id: number, cpu: number): number[] =>
  Array.from(
    { length: layout.bytes },
    (_, index) =>
      (cpu << layout.cpuShift) |
      (index << layout.positionShift) |
      ((id >> (layout.bits * (layout.bytes - 1 - index))) & (2 ** layout.bits - 1)),
  );

t.test('numbers are read back, in ascending order, each once', async (t) => {
  t.strictSame(decodeProbes(Uint8Array.from([...encode(7, 0), ...encode(3, 0), ...encode(7, 0)])), [3, 7]);
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(maxProbes - 1)), (ids) => {
      const bytes = Uint8Array.from(ids.flatMap((id) => encode(id, 0)));
      t.strictSame(
        decodeProbes(bytes),
        [...ids].sort((a, b) => a - b),
      );
    }),
    { numRuns: 50 },
  );
});

t.test('two CPUs may write at once', async (t) => {
  const [first, second] = [encode(1000, 0), encode(2000, 1)];
  const mixed = first.flatMap((byte, index) => [second[index] ?? 0, byte]);
  t.strictSame(decodeProbes(Uint8Array.from(mixed)), [1000, 2000]);
});

t.test('a number that was cut off does not count; bytes of no probe are an error', async (t) => {
  t.strictSame(decodeProbes(Uint8Array.from([...encode(5, 0), ...encode(6, 0).slice(0, 2)])), [5]);
  t.throws(() => decodeProbes(Uint8Array.from(encode(5, 0).slice(1))), /CPU 0/);
});

t.test('marks of compiled probes are found in an object file', async (t) => {
  const object = Buffer.from('\x7fELF\0vmmci-probe:12;\0\xffvmmci-probe:7;vmmci-probe:;', 'latin1');
  t.strictSame(compiledProbes(object), [12, 7]);
});
