// Corrupts the data of a reply, for both protocols.

import type { Outcome } from './hook.js';

/** Returns `data` shortened, replaced by ones, or replaced by a value. Other outcomes do not change it. */
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
