// Finds debug kernels in the cache, or builds them.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, cachePath } from '../../../harness/base/cache/directory.js';
import { withLock } from '../../../harness/base/cache/lock.js';
import { publish } from '../../../harness/base/cache/publish.js';
import { removeTree } from '../../../harness/base/cache/remove-tree.js';
import { HarnessError } from '../../../harness/base/errors.js';
import { namesIn } from '../../../harness/base/if-exists.js';
import { aptLock, openApt } from '../../packages/apt.js';
import { resolvePackages } from '../../packages/unpack.js';
import type { ToolRoot } from '../../toolroot/enter.js';
import { checkSpace } from '../../toolroot/host.js';
import type { ProgressOptions } from '../../toolroot/progress.js';
import { type Kernel, manifestFor } from '../kernel.js';
import { layOut } from '../layout.js';
import { sourcePackage } from '../packages.js';
import type { KernelRow } from '../table.js';
import { findKernel, makeCurrent, rowDirectory } from '../tree.js';
import { compileKernel, installKernel, unpackSource } from './compile.js';
import { recipeHash } from './recipe.js';

/** Space for sources, objects and the result, in bytes, with a reserve (measured: 2.1 GB for 7.3). */
const space = 3500e6;

const downloadName = 'debs';

interface Build extends ProgressOptions {
  row: KernelRow;
  root: ToolRoot;
  what: string;
}

/** The directory of interrupted builds, which can be continued. */
const buildsDirectory = (): string => join(cachePath(), 'kernel-builds');

/**
 * Downloads the sources to `work(version)/debs` and resolves with their Debian version. Takes the suite's
 * lock.
 */
const downloadSource = (
  { row, root, what, progress }: Build,
  work: (version: string) => string,
): Promise<string> =>
  withLock(
    aptLock(row),
    async () => {
      progress?.(`${what}: looking for the sources of ${row.series} in ${row.suite}`);
      const apt = await openApt({ root, ...row, what, progress });
      const name = sourcePackage(row);
      await apt.run(['apt-get', '--error-on=any', 'update']);
      const found = (await resolvePackages(apt, [name])).find((each) => each.name === name);
      if (found === undefined)
        throw new HarnessError('KERNEL_FETCH', {
          what,
          suite: row.suite,
          reason: `apt would not install ${name}`,
        });
      const directory = join(work(found.version), downloadName);
      await mkdir(directory, { recursive: true });
      // apt does not download a complete file again.
      progress?.(`${what}: downloading ${name} ${found.version}`);
      await apt.run(['apt-get', 'download', `${name}=${found.version}`], directory);
      return found.version;
    },
    { onWait: ({ holder }) => progress?.(`${what}: waiting for ${holder}`) },
  );

/** Paths of this row's interrupted builds. */
export const unfinishedBuilds = async (row: KernelRow): Promise<string[]> => {
  const names = await namesIn(buildsDirectory());
  return names.filter((name) => name.startsWith(`${row.name}-`)).map((name) => join(buildsDirectory(), name));
};

const build = async (options: Build, hash: string): Promise<Kernel> => {
  const { row, root, what, progress } = options;
  const workOf = (version: string): string => join(buildsDirectory(), `${row.name}-${version}-${hash}`);
  await mkdir(rowDirectory(row), { recursive: true });
  await checkSpace(what, rowDirectory(row), space, 'XDG_CACHE_HOME');
  const version = await downloadSource(options, workOf);
  const work = workOf(version);
  // A build of another version will never be continued.
  for (const path of await unfinishedBuilds(row)) if (path !== work) await removeTree(path);
  const name = `${version}.${hash}`;
  await publish(join(rowDirectory(row), name), async (tree) => {
    const log = join(cacheDirectory(), 'logs', `${row.name}.log`);
    await mkdir(join(cacheDirectory(), 'logs'), { recursive: true });
    const compile = { what, series: row.series, root, work, log, progress };
    await unpackSource(join(work, downloadName), compile);
    progress?.(`${what}: building ${version}; if interrupted, run the same command again to continue`);
    const release = await compileKernel(compile);
    progress?.(`${what}: installing ${release}`);
    await installKernel(release, tree, compile);
    await layOut(tree, release, root);
    const [file, text] = manifestFor({ release, version, recipe: hash });
    await writeFile(join(tree, file), text);
  });
  await removeTree(work);
  return makeCurrent(row, name);
};

/** The tree with that recipe, if it is not the current one: another checkout has another configuration. */
const earlierTree = async (row: KernelRow, hash: string): Promise<string | undefined> =>
  (await namesIn(rowDirectory(row))).findLast((name) => name.endsWith(`.${hash}`) && !name.startsWith('.'));

/**
 * The debug kernel of this row. The first build takes a quarter of an hour on 2 cores and downloads 150 MB of
 * sources. Once in the cache it does not change until `update`, or until its configuration changes. Rejects
 * with KERNEL_NETWORK, KERNEL_FETCH, KERNEL_BUILD, KERNEL_INCOMPLETE, HOST_SPACE, CACHE_FULL.
 */
export const ensureDebugKernel = async (
  row: KernelRow,
  root: ToolRoot,
  { progress, update = false }: ProgressOptions & { update?: boolean | undefined } = {},
): Promise<Kernel> => {
  const hash = await recipeHash(row.series);
  const find = async (): Promise<Kernel | undefined> => {
    const kernel = await findKernel(row);
    return kernel?.recipe === hash ? kernel : undefined;
  };
  const present = await find();
  if (present && !update) return present;
  const what = `kernel ${row.name}`;
  return withLock(
    `build-${row.name}`,
    async () => {
      const meanwhile = await find();
      if (meanwhile && !update) return meanwhile;
      const earlier = update ? undefined : await earlierTree(row, hash);
      if (earlier !== undefined) return makeCurrent(row, earlier);
      return build({ row, root, what, progress }, hash);
    },
    { onWait: ({ holder }) => progress?.(`${what}: waiting for ${holder}, which builds it`) },
  );
};
