// Finds unpacked packages of the archive in the cache, or fetches them.

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { withLock } from '../../harness/base/cache/lock.js';
import { publish } from '../../harness/base/cache/publish.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { checkSpace } from '../toolroot/host.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { aptLock, openApt } from './apt.js';
import type { Architecture } from './architecture.js';
import { type Package, resolvePackages, unpackPackages } from './unpack.js';

/** Increase it when a tree is made in another way. */
const recipe = 1;

export interface TreeRecipe {
  /** What the packages are for, for messages: `32-bit guest programs`. */
  what: string;
  /** The folder of the cache. */
  folder: 'browser' | 'userland';
  suite: string;
  architecture: Architecture;
  /** Packages that are unpacked with all dependencies of that architecture. */
  packages: readonly string[];
  /** Packages that are unpacked without their dependencies. */
  alone: readonly string[];
  /** Packages that are left out, although others depend on them. */
  without: readonly string[];
  /** Space for downloads and the tree in bytes, with a reserve. */
  space: number;
}

/** The file in a tree that lists its packages with their versions. */
export const packageList = 'packages.txt';

/** The versions that apt would download for packages without their dependencies. */
const versionsOf = async (
  wanted: readonly string[],
  resolve: (names: readonly string[]) => Promise<Package[]>,
): Promise<Package[]> => {
  const found = wanted.length === 0 ? [] : await resolve(wanted);
  return found.filter(({ name }) => wanted.includes(name));
};

/**
 * The directory of the unpacked packages, as a root file system without anything that maintainer scripts do.
 * Once in the cache it does not change and needs no network. Rejects with KERNEL_NETWORK, KERNEL_FETCH,
 * HOST_SPACE or CACHE_FULL.
 */
export const ensureTree = async (
  { what, folder, suite, architecture, packages, alone, without, space }: TreeRecipe,
  root: ToolRoot,
  { progress }: ProgressOptions = {},
): Promise<string> => {
  const hash = createHash('sha256')
    .update(JSON.stringify([recipe, suite, packages, alone, without]))
    .digest('hex')
    .slice(0, 12);
  const suffix = architecture === 'amd64' ? '' : `:${architecture}`;
  const named = (names: readonly string[]) => names.map((name) => `${name}${suffix}`);
  const onWait = ({ holder }: { holder: string }) => progress?.(`${what}: waiting for ${holder}`);
  return publish(
    join(cacheDirectory(), folder, `${architecture}-${hash}`),
    (tree) =>
      withLock(
        aptLock({ suite, architecture }),
        async () => {
          await checkSpace(what, cacheDirectory(), space, 'XDG_CACHE_HOME');
          progress?.(`${what}: looking for the packages in ${suite}`);
          const apt = await openApt({ root, suite, architecture, what, progress });
          await apt.run(['apt-get', '--error-on=any', 'update']);
          const resolve = (names: readonly string[]) => resolvePackages(apt, names);
          const found = [
            ...(await resolve(named(packages))),
            ...(await versionsOf(named(alone), resolve)),
          ].filter(({ name }) => name.endsWith(suffix) && !named(without).includes(name));
          progress?.(`${what}: downloading and unpacking ${found.length} packages`);
          await unpackPackages(apt, root, found, tree);
          const lines = found.map(({ name, version }) => `${name} ${version}\n`).sort();
          await writeFile(join(tree, packageList), lines.join(''));
        },
        { onWait },
      ),
    { onWait },
  );
};
