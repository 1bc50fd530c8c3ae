// The DMA ranges that a client has mapped, so that a wrong DMA_MAP or DMA_UNMAP gets the errno of the
// specification.

import { errno, refusal } from './refusal.js';

/** The specification's default for the maximum number of ranges. */
const MAX_RANGES = 65535;

interface Range {
  address: bigint;
  size: bigint;
}

export class DmaTable {
  /** By address; ranges never overlap. */
  readonly #ranges: Range[] = [];

  get count(): number {
    return this.#ranges.length;
  }

  /** The index of the first range that ends after `address`. */
  #find(address: bigint): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && range.address + range.size <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Throws PROTOCOL with EEXIST if the range overlaps a mapped one, or with ENOSPC if there are too many. */
  map(address: bigint, size: bigint): void {
    const index = this.#find(address);
    const next = this.#ranges[index];
    if (next !== undefined && next.address < address + size)
      throw refusal(errno.EEXIST, `DMA range at 0x${address.toString(16)} overlaps a mapped range`);
    if (this.#ranges.length >= MAX_RANGES) throw refusal(errno.ENOSPC, `more than ${MAX_RANGES} DMA ranges`);
    this.#ranges.splice(index, 0, { address, size });
  }

  /** Throws PROTOCOL with ENOENT unless exactly this range is mapped. */
  unmap(address: bigint, size: bigint): void {
    const index = this.#find(address);
    const range = this.#ranges[index];
    if (range === undefined || range.address !== address || range.size !== size)
      throw refusal(
        errno.ENOENT,
        `no DMA range 0x${address.toString(16)} + 0x${size.toString(16)} is mapped`,
      );
    this.#ranges.splice(index, 1);
  }

  clear(): void {
    this.#ranges.length = 0;
  }
}
