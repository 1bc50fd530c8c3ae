// A Debian root in a directory, made by mmdebstrap as root or as an ordinary user: the tool root, and what the distribution guest is made of.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import pRetry, { AbortError } from 'p-retry';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import type { Lock } from '../../harness/base/cache/lock.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { codeOf } from '../../harness/base/errors.js';
import { type BootstrapOptions, bootstrap, type DebianRecipe } from './bootstrap.js';
import { failureOf, reasonIn } from './failure.js';
import { checkSpace } from './host.js';
import type { Progress } from './progress.js';
import { withScratch } from './scratch.js';

/** Attempts in all, for a network that comes and goes; each attempt has apt's own retries inside. */
const attempts = 3;

export interface DebianOptions extends Pick<BootstrapOptions, 'sourceDateEpoch'> {
  recipe: DebianRecipe;
  /** What it is, in messages: `the tool root`. */
  what: string;
  /** Of the log and of the scratch directory; one for each lock that this is called under. */
  name: string;
  /** Bytes that mmdebstrap needs in `$TMPDIR`. */
  space: number;
  progress: Progress;
}

/**
 * Fills `directory`, which must not exist, and resolves with tar's line for each entry if `sourceDateEpoch` is given (an image with
 * fixed dates has fixed owners too). All files are the caller's own, without setuid bits. TOOLROOT_…, HOST_SPACE, CACHE_FULL.
 */
export const makeDebian = async (
  directory: string,
  { recipe, what, name, space, sourceDateEpoch, progress }: DebianOptions,
  lock: Lock,
): Promise<string[]> => {
  const log = join(cacheDirectory(), 'logs', `${name}.log`);
  await mkdir(join(cacheDirectory(), 'logs'), { recursive: true });
  let entries: string[] = [];
  await withScratch(cacheDirectory(), name, lock, async (scratch) => {
    await checkSpace(what, scratch, space, 'TMPDIR');
    const attempt = async (number: number) => {
      await removeTree(directory);
      entries = [];
      const onEntry = sourceDateEpoch === undefined ? undefined : (line: string) => void entries.push(line);
      const options = { recipe, directory, scratch, log, sourceDateEpoch, onEntry };
      const { ok, complaints } = await bootstrap(options, lock, progress).catch((error: Error) => {
        // Not a matter of the network: what the caller has asked for cannot be done.
        throw new AbortError(error);
      });
      if (ok) return;
      const failure = failureOf(complaints, { what, scratch, log, attempts: number });
      throw codeOf(failure) === 'TOOLROOT_NETWORK' ? failure : new AbortError(failure);
    };
    await pRetry(attempt, {
      retries: attempts - 1,
      minTimeout: 2000,
      onFailedAttempt: ({ error, retriesLeft }) => {
        if (retriesLeft > 0) progress(`trying again after: ${reasonIn(error)}`);
      },
    });
  });
  await execa('find', [directory, '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '{}', '+']);
  return entries;
};
