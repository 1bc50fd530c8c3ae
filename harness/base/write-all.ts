// Writes the whole of some data to a descriptor.

import { writeSync } from 'node:fs';

/**
 * `writeSync` writes less where a disk or a limit of file sizes has no room for all of it; only the next call
 * throws the error of the system.
 */
export const writeAllSync = (fd: number, data: Uint8Array): void => {
  for (let written = 0; written < data.length; ) written += writeSync(fd, data, written);
};
