// How large a disk is to the guest.

import { open } from 'node:fs/promises';
import { HarnessError } from '../base/errors.js';
import type { Disk } from './disk.js';

/** Of a qcow2 header, big-endian (QEMU docs/interop/qcow2): the magic number at 0, the virtual size at 24. */
const magic = 0x514649fb;
const sizeAt = 24;

/** Bytes. SNAPSHOT for a qcow2 that is none. */
export const diskSize = async ({ path, format = 'raw' }: Disk): Promise<number> => {
  const file = await open(path);
  try {
    if (format === 'raw') return (await file.stat()).size;
    const { buffer } = await file.read(Buffer.alloc(sizeAt + 8), 0, sizeAt + 8, 0);
    if (buffer.readUInt32BE(0) !== magic)
      throw new HarnessError('SNAPSHOT', { path, step: 'key', reason: 'the disk is no qcow2 image' });
    return Number(buffer.readBigUInt64BE(sizeAt));
  } finally {
    await file.close();
  }
};
