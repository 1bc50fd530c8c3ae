// The size of a disk as the guest sees it.

import { open } from 'node:fs/promises';
import { HarnessError } from '../base/errors.js';
import type { Disk } from './disk.js';

/** The qcow2 header is big-endian: magic number at 0, virtual size at 24 (QEMU docs/interop/qcow2). */
const QCOW2_MAGIC = 0x514649fb;
const VIRTUAL_SIZE_OFFSET = 24;

/** In bytes. Rejects with SNAPSHOT if a disk of format qcow2 is not a qcow2 image. */
export const diskSize = async ({ path, format = 'raw' }: Disk): Promise<number> => {
  const file = await open(path);
  try {
    if (format === 'raw') return (await file.stat()).size;
    const { buffer } = await file.read(Buffer.alloc(VIRTUAL_SIZE_OFFSET + 8), 0, VIRTUAL_SIZE_OFFSET + 8, 0);
    if (buffer.readUInt32BE(0) !== QCOW2_MAGIC)
      throw new HarnessError('SNAPSHOT', { path, step: 'key', reason: 'the disk is not a qcow2 image' });
    return Number(buffer.readBigUInt64BE(VIRTUAL_SIZE_OFFSET));
  } finally {
    await file.close();
  }
};
