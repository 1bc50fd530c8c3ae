// DMA_MAP and DMA_UNMAP. vmmci reads no guest memory, but QEMU maps all of it and needs an answer.

import { require } from './refusal.js';

export interface DmaMap {
  kind: 'dma-map';
  flags: number;
  /** The offset in the file of the descriptor. */
  offset: bigint;
  address: bigint;
  size: bigint;
}

export interface DmaUnmap {
  kind: 'dma-unmap';
  /** All mappings (QEMU 11.1 sets this flag of the kernel's VFIO interface). Address and size are then 0. */
  all: boolean;
  address: bigint;
  size: bigint;
  /** The unchanged body, which is also the reply. */
  body: Buffer;
}

export const MAP_SIZE = 32;
export const UNMAP_SIZE = 24;

const mapFlags = { READ: 1, WRITE: 2, MMAP: 4, FILE: 8 } as const;
const NEEDS_DESCRIPTOR = mapFlags.MMAP | mapFlags.FILE;
const ALL_MAP_FLAGS = mapFlags.READ | mapFlags.WRITE | NEEDS_DESCRIPTOR;
const UNMAP_ALL = 2;
const addressSpaceEnd = 1n << 64n;

const hex = (value: bigint): string => `0x${value.toString(16)}`;

const requireRange = (address: bigint, size: bigint): void => {
  require(size > 0n, () => `DMA range at ${hex(address)} is empty`);
  require(address + size <= addressSpaceEnd, () => `DMA range ${hex(address)} + ${hex(size)} exceeds 2^64`);
};

export const decodeDmaMap = (body: Buffer, descriptors: number): DmaMap => {
  const flags = body.readUInt32LE(4);
  require(body.readUInt32LE(0) >= MAP_SIZE, () => `argsz ${body.readUInt32LE(0)} is less than ${MAP_SIZE}`);
  require((flags & ~ALL_MAP_FLAGS) === 0, () => `unknown DMA_MAP flags 0x${flags.toString(16)}`);
  require((flags & NEEDS_DESCRIPTOR) === 0 || descriptors === 1, () =>
    `DMA_MAP flags 0x${flags.toString(16)} need a descriptor, got none`);
  const map = {
    flags,
    offset: body.readBigUInt64LE(8),
    address: body.readBigUInt64LE(16),
    size: body.readBigUInt64LE(24),
  };
  requireRange(map.address, map.size);
  require(map.offset + map.size <= addressSpaceEnd, () =>
    `file offset ${hex(map.offset)} + ${hex(map.size)} exceeds 2^64`);
  return { kind: 'dma-map', ...map };
};

export const decodeDmaUnmap = (body: Buffer): DmaUnmap => {
  const flags = body.readUInt32LE(4);
  require(body.readUInt32LE(0) >= UNMAP_SIZE, () =>
    `argsz ${body.readUInt32LE(0)} is less than ${UNMAP_SIZE}`);
  require((flags & ~UNMAP_ALL) === 0, () => `unknown DMA_UNMAP flags 0x${flags.toString(16)}`);
  const unmap = {
    all: flags === UNMAP_ALL,
    address: body.readBigUInt64LE(8),
    size: body.readBigUInt64LE(16),
  };
  if (unmap.all)
    require(unmap.address === 0n && unmap.size === 0n, () =>
      'expected address and size 0 when all is unmapped');
  else requireRange(unmap.address, unmap.size);
  return { kind: 'dma-unmap', ...unmap, body };
};
