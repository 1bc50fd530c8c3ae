// Encodes payloads, and checks each received one before it is used.

import type { Frame } from './frame.js';
import { refusal } from './refusal.js';
import type { Payload, Request } from './requests.js';

/** The config space is at most 256 bytes (vhost-user, "Virtio device config space"). */
const maxConfig = 256;
/** Offset, size and flags before the data of a config payload. */
export const CONFIG_HEADER = 12;
const MEMORY_HEADER = 8;
const REGION = 32;
const MAX_REGIONS = 8;

/** In the index of a ring descriptor: the message has no descriptor. */
const NO_FD = 0x100n;

const exactSize: Partial<Record<Payload, number>> = { none: 0, u64: 8, ring: 8, address: 40 };

export const empty = Buffer.alloc(0);

export const u64 = (value: bigint): Buffer => {
  const payload = Buffer.allocUnsafe(8);
  payload.writeBigUInt64LE(BigInt.asUintN(64, value));
  return payload;
};

/** The index of a ring and a number that belongs to it. */
export const ring = (index: number, number: number): Buffer => {
  const payload = Buffer.alloc(8);
  payload.writeUInt32LE(index, 0);
  payload.writeUInt32LE(number, 4);
  return payload;
};

export interface ConfigAccess {
  offset: number;
  size: number;
  flags: number;
  data: Buffer;
}

/** A flag of SET_CONFIG: the data comes from a live migration, not from the guest. */
export const MIGRATION = 1;

/** A private flag of GET_CONFIG: see WHOLE_REGISTER. */
export const wholeRegister = 0x8000_0000;

export const encodeConfig = (offset: number, data: Buffer, flags = 0): Buffer => {
  const payload = Buffer.allocUnsafe(CONFIG_HEADER + data.length);
  payload.writeUInt32LE(offset, 0);
  payload.writeUInt32LE(data.length, 4);
  payload.writeUInt32LE(flags, 8);
  data.copy(payload, CONFIG_HEADER);
  return payload;
};

/** Throws PROTOCOL unless offset and size are within the config space and the size matches the data. */
export const decodeConfig = (payload: Buffer): ConfigAccess => {
  if (payload.length < CONFIG_HEADER)
    throw refusal(`config payload of ${payload.length} bytes, expected 12 or more`);
  const offset = payload.readUInt32LE(0);
  const size = payload.readUInt32LE(4);
  if (size > maxConfig || offset > maxConfig - size) {
    throw refusal(`config access to ${size} bytes at ${offset}, the config space has ${maxConfig}`);
  }
  if (payload.length !== CONFIG_HEADER + size) {
    throw refusal(`config payload of ${payload.length} bytes announces ${size} bytes of data`);
  }
  return { offset, size, flags: payload.readUInt32LE(8), data: payload.subarray(CONFIG_HEADER) };
};

const regionsIn = (payload: Buffer): number => {
  const count = payload.length >= MEMORY_HEADER ? payload.readUInt32LE(0) : -1;
  if (count < 0 || count > MAX_REGIONS || payload.length !== MEMORY_HEADER + count * REGION) {
    throw refusal(`memory table of ${payload.length} bytes for ${count} regions, at most ${MAX_REGIONS}`);
  }
  return count;
};

const expectedFds = ({ fds }: Request, payload: Buffer): number => {
  switch (fds) {
    case 'none':
      return 0;
    case 'one':
      return 1;
    case 'regions':
      return regionsIn(payload);
    case 'by-index':
      return (payload.readBigUInt64LE(0) & NO_FD) === 0n ? 1 : 0;
  }
};

/** Throws PROTOCOL unless the size and the number of descriptors fit the request. */
export const checkShape = (
  name: string,
  request: Request,
  { payload, fds }: Pick<Frame, 'payload' | 'fds'>,
): void => {
  const size = exactSize[request.payload];
  if (size !== undefined && payload.length !== size) {
    throw refusal(`${name}: payload of ${payload.length} bytes, expected ${size}`);
  }
  const wanted = expectedFds(request, payload);
  if (fds.length !== wanted) throw refusal(`${name}: ${fds.length} descriptors, expected ${wanted}`);
};
