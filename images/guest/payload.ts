// The payload disk: how driver modules and files get into a guest that was restored from a snapshot without them. Its size
// never changes, because that is part of the machine the snapshot was taken of.

import { open } from 'node:fs/promises';
import { HarnessError } from '../../harness/base/errors.js';
import { type Entry, newc } from './newc.js';

/** Bytes. */
export const payloadSize = 16 * 2 ** 20;

/** Writes a sparse disk image at `path` with an archive of `entries`; the guest's `payload` unpacks it at `/`. GUEST_BUILD if too big. */
export const writePayload = async (path: string, entries: Iterable<Entry>): Promise<void> => {
  const archive = newc(entries);
  if (archive.length > payloadSize) {
    throw new HarnessError('GUEST_BUILD', {
      reason: `a payload of ${archive.length} bytes does not fit the disk of ${payloadSize}`,
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
