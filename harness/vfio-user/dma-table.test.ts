import t from 'tap';
import { DmaTable } from './dma-table.js';
import { errnoOf } from './refusal.js';

const refused = (run: () => void): number | undefined => {
  try {
    run();
  } catch (error) {
    return errnoOf(error);
  }
  return 0;
};

t.test('ranges may be adjacent, but not overlap', async (t) => {
  const table = new DmaTable();
  table.map(0x1000n, 0x1000n);
  table.map(0x3000n, 0x1000n);
  table.map(0x2000n, 0x1000n);
  t.equal(table.count, 3);
  for (const [address, size] of [
    [0x1000n, 0x1000n],
    [0x0fffn, 2n],
    [0x1fffn, 1n],
    [0x0n, 0x10000n],
    [0x3fffn, 0x1000n],
  ] as const)
    t.equal(
      refused(() => table.map(address, size)),
      17,
      `0x${address.toString(16)}`,
    );
  table.map(0x4000n, 1n);
});

t.test('only a range that was mapped can be unmapped', async (t) => {
  const table = new DmaTable();
  table.map(0n, 0xa0000n);
  table.map(0x100000n, (1n << 64n) - 0x100000n);
  t.equal(
    refused(() => table.unmap(0n, 0x1000n)),
    2,
  );
  t.equal(
    refused(() => table.unmap(0x1000n, 0xa0000n)),
    2,
  );
  table.unmap(0n, 0xa0000n);
  table.unmap(0x100000n, (1n << 64n) - 0x100000n);
  t.equal(table.count, 0);
  t.equal(
    refused(() => table.unmap(0n, 0xa0000n)),
    2,
  );
});
