// Where mmdebstrap works before its result goes to the cache.

import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Lock } from '../../harness/base/cache/lock.js';
import { HarnessError } from '../../harness/base/errors.js';

const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * Not in the cache, which is for its owner alone: an ordinary user's mmdebstrap works as other (subordinate) user ids. Not in /tmp, which may
 * be in memory. One fixed name for each user, cache and lock, so that what a killed run left there is found again.
 */
const scratchPath = (cache: string, name: string): string => {
  const key = createHash('sha256').update(cache).digest('hex').slice(0, 8);
  return join(process.env.TMPDIR ?? '/var/tmp', `vmmci-harness-${process.getuid?.()}-${key}-${name}`);
};

/** Entries are owned by subordinate ids, which only root of their namespace can remove; the empty rest is ours. */
const removeEntries = async (path: string): Promise<void> => {
  for (const name of await readdir(path)) {
    const entry = join(path, name);
    const inside = isRoot() ? [] : ['mmdebstrap', '--unshare-helper'];
    // Never into what a killed run may have left mounted there.
    const [file = '', ...args] = [...inside, 'rm', '-rf', '--one-file-system', entry];
    await execa(file, args, { cwd: '/', reject: false });
    if ((await readdir(path)).includes(name)) await rmdir(entry);
  }
};

/** Anybody can make a directory there, also one by this name. */
const checkOwner = async (path: string): Promise<void> => {
  const found = await lstat(path);
  if (found.isDirectory() && found.uid === process.getuid?.()) return;
  throw new HarnessError('TOOLROOT_BUILD', {
    what: 'a Debian root',
    reason: `${path} is not a directory of ours; remove it, or set TMPDIR to another directory`,
    log: 'none',
  });
};

/** Gives `fn` an empty scratch directory that others may pass through, and removes it afterwards. Only under one lock for each `name`. */
export const withScratch = async <T>(
  cache: string,
  name: string,
  lock: Pick<Lock, 'waste'>,
  fn: (path: string) => Promise<T>,
): Promise<T> => {
  const path = scratchPath(cache, name);
  lock.waste(path);
  await mkdir(path, { recursive: true });
  await checkOwner(path);
  // Whatever the umask: subordinate users pass through.
  await chmod(path, 0o711);
  await removeEntries(path);
  try {
    return await fn(path);
  } finally {
    await removeEntries(path);
    await rmdir(path);
  }
};
