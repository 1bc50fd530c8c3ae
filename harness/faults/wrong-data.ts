// Data of a reply made wrong on purpose, the same for both protocols.

import type { Outcome } from './hook.js';

/**
 * `data` after `outcome`: shortened, all ones, or a value in place of it; the very same where the outcome is
 * another.
 */
export const wrongData = (data: Buffer, outcome: Outcome): Buffer => {
  switch (outcome.kind) {
    case 'short':
      return data.subarray(0, outcome.bytes);
    case 'ones':
      return Buffer.alloc(data.length, 0xff);
    case 'value': {
      const value = Buffer.alloc(Math.max(4, data.length));
      value.writeUInt32LE(outcome.value >>> 0, 0);
      return value.subarray(0, data.length);
    }
    default:
      return data;
  }
};
