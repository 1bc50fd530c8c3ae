// Makes a Debian root in a directory, as root or as an ordinary user: the tool root, or the packages of the
// distribution guest.

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

/** Total number of attempts when the network fails. apt retries within each attempt, too. */
const attempts = 3;

export interface DebianOptions extends Pick<BootstrapOptions, 'sourceDateEpoch'> {
  recipe: DebianRecipe;
  /** The product, as messages name it: `the tool root`. */
  what: string;
  /** Names the log and the scratch directory. Callers that hold different locks need different names. */
  name: string;
  /** Space that mmdebstrap needs in `$TMPDIR`, in bytes. */
  space: number;
  progress: Progress;
}

/**
 * Creates and fills `directory`. Resolves with tar's line for each entry if `sourceDateEpoch` is given, since
 * an image with fixed dates needs fixed owners too. All files belong to the caller and have no setuid bits.
 * Rejects with TOOLROOT_…, HOST_SPACE or CACHE_FULL.
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
        // Not a network failure, so another attempt would fail in the same way.
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
        if (retriesLeft > 0) progress(`retrying after: ${reasonIn(error)}`);
      },
    });
  });
  await execa('find', [directory, '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '{}', '+']);
  return entries;
};
