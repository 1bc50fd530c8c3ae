// The tool root, made if it is missing.

import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import pRetry, { AbortError } from 'p-retry';
import { cacheDirectory } from '../../harness/cache/directory.js';
import type { Lock } from '../../harness/cache/lock.js';
import { publish } from '../../harness/cache/publish.js';
import { removeTree } from '../../harness/cache/remove-tree.js';
import { codeOf } from '../../harness/errors.js';
import { bootstrap } from './bootstrap.js';
import type { ToolRoot } from './enter.js';
import { failureOf, reasonIn } from './failure.js';
import { checkHost, checkSpace } from './host.js';
import type { Progress, ProgressOptions } from './progress.js';
import { recipe, recipeHash } from './recipe.js';
import { withScratch } from './scratch.js';
import { verifyToolRoot } from './verify.js';

/** Attempts in all, for a network that comes and goes; each attempt has apt's own retries inside. */
const attempts = 3;

/** Inside the root, so that the two can only be there together. */
const manifest = 'etc/vmmci-tool-root.json';

const fill = async (directory: string, lock: Lock, progress?: Progress): Promise<void> => {
  const log = join(cacheDirectory(), 'logs', 'toolroot.log');
  await mkdir(join(cacheDirectory(), 'logs'), { recursive: true });
  await withScratch(cacheDirectory(), lock, async (scratch) => {
    await checkSpace('the tool root', scratch, recipe.space.scratch, 'TMPDIR');
    const attempt = async (number: number) => {
      await removeTree(directory);
      const { ok, complaints } = await bootstrap({ directory, scratch, log }, lock, progress);
      if (ok) return;
      const failure = failureOf(complaints, { scratch, log, attempts: number });
      throw codeOf(failure) === 'TOOLROOT_NETWORK' ? failure : new AbortError(failure);
    };
    await pRetry(attempt, {
      retries: attempts - 1,
      minTimeout: 2000,
      onFailedAttempt: ({ error, retriesLeft }) => {
        if (retriesLeft > 0) progress?.(`tool root: trying again after: ${reasonIn(error)}`);
      },
    });
  });
};

/** What a stream made for a real root still needs to be a root for `enter`. */
const finish = async (directory: string): Promise<void> => {
  // A mount point for the host's resolver.
  await writeFile(join(directory, 'etc/resolv.conf'), '');
  await execa('find', [directory, '-type', 'f', '-perm', '/6000', '-exec', 'chmod', 'ug-s', '{}', '+']);
};

/** Roots of earlier recipes, all but the last: another checkout may still use that one. */
const prune = async (directory: string): Promise<void> => {
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.'));
  const made = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name, manifest))).mtimeMs),
  );
  const byAge = names.map((name, i) => ({ name, at: made[i] ?? 0 })).sort((a, b) => b.at - a.at);
  for (const { name } of byAge.slice(1)) await removeTree(join(directory, name));
};

/**
 * The tool root in the cache, after making it if there is none for this recipe: then it takes the network, about a minute and 0.6 GB.
 * Throws HOST_… before anything is done if the host lacks something, TOOLROOT_… if making it fails, CACHE_FULL.
 */
export const ensureToolRoot = async ({ progress }: ProgressOptions = {}): Promise<ToolRoot> => {
  const target = join(cacheDirectory(), 'toolroot', recipeHash);
  const path = await publish(
    target,
    async (temporary, lock) => {
      await checkHost();
      await checkSpace('the tool root', cacheDirectory(), recipe.space.cache, 'XDG_CACHE_HOME');
      progress?.(`tool root: making a private Debian ${recipe.suite} with QEMU and gcc`);
      await fill(temporary, lock, progress);
      await finish(temporary);
      const version = await verifyToolRoot(temporary);
      await writeFile(join(temporary, manifest), `${JSON.stringify({ version })}\n`);
      await prune(dirname(target));
      progress?.(`tool root: ready, QEMU ${version}`);
    },
    { onWait: ({ holder }) => progress?.(`tool root: waiting for ${holder}, which is making it`) },
  );
  const { version } = JSON.parse(await readFile(join(path, manifest), 'utf8')) as { version: string };
  return { path, version };
};
