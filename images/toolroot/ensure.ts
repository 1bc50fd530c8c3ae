// Finds the tool root in the cache, or makes it.

import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { publish } from '../../harness/base/cache/publish.js';
import { HarnessError } from '../../harness/base/errors.js';
import { firstLine } from '../../harness/base/text.js';
import { makeDebian } from './debian.js';
import type { ToolRoot } from './enter.js';
import { entryFailure } from './entry-failure.js';
import { checkHost, checkSpace } from './host.js';
import { manifestFile, readQemuVersion, toolRootPath, writeManifest } from './manifest.js';
import { mirrorArguments } from './mirror.js';
import type { ProgressOptions } from './progress.js';
import { debianRecipe, recipe, sourceDateEpoch } from './recipe.js';
import { runInToolRoot } from './run.js';
import { verifyToolRoot } from './verify.js';

const entered = new Map<string, Promise<string>>();

/**
 * Starts the compiler to check that programs run in the tool root. Resolves with the compiler's name and
 * version.
 */
const enterOnce = (path: string): Promise<string> => {
  const start = async (): Promise<string> => {
    const result = await runInToolRoot({ path }, ['gcc', '--version'], { host: { reject: false } });
    if (!result.failed) return firstLine(result.stdout);
    const reason = firstLine(result.stderr || result.shortMessage);
    throw entryFailure(path, result) ?? new HarnessError('TOOLROOT_DAMAGED', { path, reason });
  };
  const done = entered.get(path) ?? start();
  entered.set(path, done);
  return done;
};

/**
 * Returns the tool root in the cache. If there is none for this recipe, makes it, which takes the network,
 * about a minute and 0.6 GB. Rejects with HOST_… before anything is done if the host lacks something, HOST_…
 * or CACHE_NOEXEC if no program can be started in the tool root, TOOLROOT_… if making it fails, and
 * CACHE_FULL.
 */
export const ensureToolRoot = async ({ progress }: ProgressOptions = {}): Promise<ToolRoot> => {
  // Throws for a wrong mirror variable now, not only when something is fetched.
  mirrorArguments(recipe.suite);
  const target = toolRootPath();
  const path = await publish(
    target,
    async (temporary, lock) => {
      await checkHost();
      await checkSpace('the tool root', cacheDirectory(), recipe.space.cache, 'XDG_CACHE_HOME');
      progress?.(`tool root: making a private Debian ${recipe.suite} with QEMU and gcc`);
      await makeDebian(
        temporary,
        {
          what: 'the tool root',
          name: 'toolroot',
          recipe: debianRecipe,
          space: recipe.space.scratch,
          sourceDateEpoch,
          progress: (line) => progress?.(`tool root: ${line}`),
        },
        lock,
      );
      // A mount point for the host's resolver.
      await writeFile(join(temporary, 'etc/resolv.conf'), '');
      const version = await verifyToolRoot(temporary);
      await writeManifest(temporary, { version });
      // Keep the tool root of the last recipe: another checkout may still use it.
      await keepNewest(dirname(target), { count: 1, dateOf: (root) => join(root, manifestFile) });
      progress?.(`tool root: ready, QEMU ${version}`);
    },
    { onWait: ({ holder }) => progress?.(`tool root: waiting for ${holder}, which makes it`) },
  );
  const version = await readQemuVersion(path);
  if (version === undefined)
    throw new HarnessError('TOOLROOT_DAMAGED', { path, reason: `${manifestFile} cannot be read` });
  return { path, version, compiler: await enterOnce(path) };
};
