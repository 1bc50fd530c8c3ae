// Converts between 32-bit register values and accesses of 1, 2 or 4 bytes.

import { HarnessError } from '../base/errors.js';

const EINVAL = 22;

/** Throws PROTOCOL with EINVAL unless `width` is 1, 2 or 4: x86 has no other port accesses. */
export const requirePortWidth = (width: number): void => {
  if (width !== 1 && width !== 2 && width !== 4)
    throw new HarnessError('PROTOCOL', {
      protocol: 'vfio-user',
      reason: `port access of ${width} bytes, expected 1, 2 or 4`,
      errno: EINVAL,
    });
};

/** Returns the low `width` bytes of a 32-bit value, little-endian. */
export const cut = (value: number, width: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value >>> 0, 0);
  return width === 4 ? bytes : bytes.subarray(0, width);
};

/** Converts up to four little-endian bytes to a 32-bit value, zero-extended. */
export const widen = (data: Buffer): number => {
  const width = Math.min(4, data.length);
  return width === 0 ? 0 : data.readUIntLE(0, width);
};
