// The payload disk brings driver modules and files into a guest that was restored from a snapshot without
// them. Its size never changes, because snapshots depend on it.

import { open } from 'node:fs/promises';
import { HarnessError } from '../../harness/base/errors.js';
import { type Entry, newc } from './newc.js';

/** In bytes. */
export const payloadSize = 16 * 2 ** 20;

/**
 * Writes a sparse disk image with an archive of `entries` to `path`. The guest's `payload` unpacks it to `/`.
 * Paths are as for `newc`. Rejects with GUEST_BUILD if the archive is too large.
 */
export const writePayload = async (
  path: string,
  entries: Iterable<Entry>,
  encoding?: 'latin1',
): Promise<void> => {
  const archive = newc(entries, encoding);
  if (archive.length > payloadSize) {
    throw new HarnessError('GUEST_BUILD', {
      reason: `the payload has ${archive.length} bytes; the disk has only ${payloadSize}`,
    });
  }
  const file = await open(path, 'w', 0o600);
  try {
    await file.write(archive);
    await file.truncate(payloadSize);
  } finally {
    await file.close();
  }
};
