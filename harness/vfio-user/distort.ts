// Applies the outcome of a fault to a reply.

import type { Outcome } from '../faults/hook.js';
import { wrongData } from '../faults/wrong-data.js';
import type { Request } from './messages.js';
import { ACCESS_SIZE, encodeAccess } from './region-access.js';

/** The body of a reply after `outcome`. Only replies with the data of a region change. */
export const distort = (
  body: Buffer | undefined,
  request: Request,
  outcome: Outcome | undefined,
): Buffer | undefined => {
  if (outcome === undefined || body === undefined || request.kind !== 'region-read') return body;
  const data = wrongData(body.subarray(ACCESS_SIZE), outcome);
  return encodeAccess(request.offset, request.region, data.length, data);
};

/** The widest access of a guest to a register, in bytes. */
const maxWidth = 4;

/**
 * The number that a read returns because of `outcome`; `undefined` if the outcome does not replace the value.
 */
export const shownInstead = (
  request: Request | undefined,
  outcome: Outcome | undefined,
): number | undefined => {
  if (outcome?.kind !== 'ones' && outcome?.kind !== 'value') return undefined;
  if (request?.kind !== 'region-read' || request.count > maxWidth) return undefined;
  return wrongData(Buffer.alloc(request.count), outcome).readUIntLE(0, request.count);
};
