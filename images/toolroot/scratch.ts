// The scratch directory in which mmdebstrap works before its result goes to the cache.

import { createHash } from 'node:crypto';
import { chmod, lstat, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Lock } from '../../harness/base/cache/lock.js';
import { HarnessError } from '../../harness/base/errors.js';
import { makeDirectory } from '../../harness/base/make-directory.js';
import { isRoot } from './host-command.js';

/**
 * The scratch directory is outside the cache, because only the cache's owner can enter that, and an ordinary
 * user's mmdebstrap runs with subordinate user ids. It is not in /tmp, which may be in memory. The name is
 * fixed for each user, cache and lock, so that the next run finds what a killed run left.
 */
const scratchPath = (cache: string, name: string): string => {
  const key = createHash('sha256').update(cache).digest('hex').slice(0, 8);
  return join(process.env.TMPDIR ?? '/var/tmp', `vmmci-harness-${process.getuid?.()}-${key}-${name}`);
};

/**
 * Subordinate ids own the entries, and only root of their namespace can remove them. Empty directories may
 * remain.
 */
const removeEntries = async (path: string): Promise<void> => {
  for (const name of await readdir(path)) {
    const entry = join(path, name);
    const inside = isRoot() ? [] : ['mmdebstrap', '--unshare-helper'];
    // A killed run may have left file systems mounted there, which must not be emptied.
    const [file = '', ...args] = [...inside, 'rm', '-rf', '--one-file-system', entry];
    await execa(file, args, { cwd: '/', reject: false });
    if ((await readdir(path)).includes(name)) await rmdir(entry);
  }
};

/** Another user may have created a directory of this name. */
const checkOwner = async (path: string): Promise<void> => {
  const found = await lstat(path);
  if (found.isDirectory() && found.uid === process.getuid?.()) return;
  throw new HarnessError('TOOLROOT_BUILD', {
    what: 'a Debian root',
    reason: `${path} does not belong to this user; remove it, or set TMPDIR to another directory`,
    log: 'none',
  });
};

/**
 * Calls `fn` with an empty scratch directory that other users may traverse, and removes it afterwards.
 * Callers with the same `name` must hold the same lock.
 */
export const withScratch = async <T>(
  cache: string,
  name: string,
  lock: Pick<Lock, 'removeIfKilled'>,
  fn: (path: string) => Promise<T>,
): Promise<T> => {
  const path = scratchPath(cache, name);
  lock.removeIfKilled(path);
  makeDirectory(path);
  await checkOwner(path);
  // Subordinate users must be able to traverse it, whatever the umask.
  await chmod(path, 0o711);
  await removeEntries(path);
  try {
    return await fn(path);
  } finally {
    await removeEntries(path);
    await rmdir(path);
  }
};
