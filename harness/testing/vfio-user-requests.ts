// Encodes the bodies of requests that only QEMU sends.

import { type DmaMap, MAP_SIZE, UNMAP_SIZE } from '../vfio-user/dma.js';

/** VFIO_DMA_UNMAP_FLAG_ALL of linux/vfio.h. */
const UNMAP_ALL = 2;

export const encodeDmaMap = (map: Omit<DmaMap, 'kind'>): Buffer => {
  const body = Buffer.alloc(MAP_SIZE);
  body.writeUInt32LE(MAP_SIZE, 0);
  body.writeUInt32LE(map.flags, 4);
  body.writeBigUInt64LE(map.offset, 8);
  body.writeBigUInt64LE(map.address, 16);
  body.writeBigUInt64LE(map.size, 24);
  return body;
};

export const encodeDmaUnmap = (unmap: { all?: boolean; address: bigint; size: bigint }): Buffer => {
  const body = Buffer.alloc(UNMAP_SIZE);
  body.writeUInt32LE(UNMAP_SIZE, 0);
  body.writeUInt32LE(unmap.all ? UNMAP_ALL : 0, 4);
  body.writeBigUInt64LE(unmap.address, 8);
  body.writeBigUInt64LE(unmap.size, 16);
  return body;
};

/** Encodes the body of a request for device (`index` 0), region or interrupt information. */
export const encodeInfoRequest = (size: number, index = 0): Buffer => {
  const body = Buffer.alloc(size);
  body.writeUInt32LE(size, 0);
  body.writeUInt32LE(index, 8);
  return body;
};
