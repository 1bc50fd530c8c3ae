// REGION_READ and REGION_WRITE: offset u64, region u32, count u32, then the data.

import { maxTransferBytes } from './header.js';
import { REGIONS } from './info.js';
import { require } from './refusal.js';

export const ACCESS_SIZE = 16;

export interface RegionRead {
  kind: 'region-read';
  offset: bigint;
  region: number;
  /** The number of bytes. */
  count: number;
}

export interface RegionWrite {
  kind: 'region-write';
  offset: bigint;
  region: number;
  data: Buffer;
}

const decodeAccess = (body: Buffer): { offset: bigint; region: number; count: number } => {
  const offset = body.readBigUInt64LE(0);
  const region = body.readUInt32LE(8);
  const count = body.readUInt32LE(12);
  require(region < REGIONS, () => `region ${region} is not one of the ${REGIONS}`);
  require(count > 0 && count <= maxTransferBytes, () =>
    `count ${count} is not between 1 and ${maxTransferBytes}`);
  return { offset, region, count };
};

export const decodeRegionRead = (body: Buffer): RegionRead => ({
  kind: 'region-read',
  ...decodeAccess(body),
});

export const decodeRegionWrite = (body: Buffer): RegionWrite => {
  const { offset, region, count } = decodeAccess(body);
  const data = body.subarray(ACCESS_SIZE);
  require(data.length === count, () => `count ${count}, but ${data.length} bytes of data`);
  return { kind: 'region-write', offset, region, data };
};

/**
 * Encodes the request of a read and the reply to a write or, with `data`, the reply to a read and the request
 * of a write.
 */
export const encodeAccess = (offset: bigint, region: number, count: number, data?: Buffer): Buffer => {
  const body = Buffer.allocUnsafe(ACCESS_SIZE + (data?.length ?? 0));
  body.writeBigUInt64LE(offset, 0);
  body.writeUInt32LE(region, 8);
  body.writeUInt32LE(count, 12);
  data?.copy(body, ACCESS_SIZE);
  return body;
};
