// Debug kernels in the cache, built if they are missing.

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from '../../../harness/base/cache/directory.js';
import { withLock } from '../../../harness/base/cache/lock.js';
import { publish } from '../../../harness/base/cache/publish.js';
import { removeTree } from '../../../harness/base/cache/remove-tree.js';
import { HarnessError } from '../../../harness/base/errors.js';
import type { ToolRoot } from '../../toolroot/enter.js';
import { checkSpace } from '../../toolroot/host.js';
import type { ProgressOptions } from '../../toolroot/progress.js';
import { openApt } from '../apt.js';
import { type Kernel, manifestFor } from '../kernel.js';
import { layOut } from '../layout.js';
import { parseSimulation, sourcePackage } from '../packages.js';
import type { KernelRow } from '../table.js';
import { findKernel, makeCurrent, rowDirectory } from '../tree.js';
import { compileKernel, installKernel, unpackSource } from './compile.js';
import { recipeHash } from './recipe.js';

/** Sources, objects and the result, in bytes, with room to spare (measured: 2.1 GB for 7.3). */
const space = 3500e6;

const downloadName = 'debs';

interface Build extends ProgressOptions {
  row: KernelRow;
  root: ToolRoot;
  what: string;
}

/** Where builds that were interrupted wait to go on. */
const buildsDirectory = (): string => join(cacheDirectory(), 'kernel-builds');

/** Resolves with the Debian version of the sources, which are then in `work(version)/debs`. Holds the lock of the suite. */
const downloadSource = (
  { row, root, what, progress }: Build,
  work: (version: string) => string,
): Promise<string> =>
  withLock(
    `apt-${row.suite}`,
    async () => {
      progress?.(`${what}: looking for the sources of ${row.series} in ${row.suite}`);
      const apt = await openApt({ root, suite: row.suite, what, progress });
      const name = sourcePackage(row);
      await apt.run(['apt-get', '--error-on=any', 'update']);
      const plan = await apt.run(['apt-get', 'install', '--simulate', '--no-install-recommends', name]);
      const found = parseSimulation(plan).find((each) => each.name === name);
      if (found === undefined)
        throw new HarnessError('KERNEL_FETCH', {
          what,
          suite: row.suite,
          reason: `apt would not install ${name}`,
        });
      const directory = join(work(found.version), downloadName);
      await mkdir(directory, { recursive: true });
      // apt takes a file that is there and whole for downloaded.
      progress?.(`${what}: downloading ${name} ${found.version}`);
      await apt.run(['apt-get', 'download', `${name}=${found.version}`], directory);
      return found.version;
    },
    { onWait: ({ holder }) => progress?.(`${what}: waiting for ${holder}`) },
  );

/** Paths of what interrupted builds of this row have left. */
export const unfinishedBuilds = async (row: KernelRow): Promise<string[]> => {
  const names = await readdir(buildsDirectory()).catch(() => []);
  return names.filter((name) => name.startsWith(`${row.name}-`)).map((name) => join(buildsDirectory(), name));
};

const build = async (options: Build, hash: string): Promise<Kernel> => {
  const { row, root, what, progress } = options;
  const workOf = (version: string): string => join(buildsDirectory(), `${row.name}-${version}-${hash}`);
  await mkdir(rowDirectory(row), { recursive: true });
  await checkSpace(what, rowDirectory(row), space, 'XDG_CACHE_HOME');
  const version = await downloadSource(options, workOf);
  const work = workOf(version);
  // A build of another version will never go on.
  for (const path of await unfinishedBuilds(row)) if (path !== work) await removeTree(path);
  const name = `${version}.${hash}`;
  await publish(join(rowDirectory(row), name), async (tree) => {
    const log = join(cacheDirectory(), 'logs', `${row.name}.log`);
    await mkdir(join(cacheDirectory(), 'logs'), { recursive: true });
    const compile = { what, root, work, log, progress };
    await unpackSource(join(work, downloadName), compile);
    progress?.(
      `${what}: building ${version}; an interrupted build goes on when the same command is run again`,
    );
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

/**
 * The debug kernel of this row: a quarter of an hour on 2 cores the first time, and 150 MB of sources. Once in the cache it stays as it is until
 * `update`, or until its configuration changes. Throws KERNEL_NETWORK, KERNEL_FETCH, KERNEL_BUILD, KERNEL_INCOMPLETE, HOST_SPACE, CACHE_FULL.
 */
export const ensureDebugKernel = async (
  row: KernelRow,
  root: ToolRoot,
  { progress, update = false }: ProgressOptions & { update?: boolean | undefined } = {},
): Promise<Kernel> => {
  const hash = await recipeHash();
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
      return build({ row, root, what, progress }, hash);
    },
    { onWait: ({ holder }) => progress?.(`${what}: waiting for ${holder}, which builds it`) },
  );
};
