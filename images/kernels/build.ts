// Builds modules for a kernel in the tool root.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { matchesChecksums, writeChecksums } from '../../harness/base/cache/checksums.js';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { HarnessError } from '../../harness/base/errors.js';
import { printable } from '../../harness/base/text.js';
import type { ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { throwBuildFailure } from './build-failure.js';
import { warningsIn } from './build-log.js';
import { type CompileOptions, compile, lineArguments, makeArguments } from './compile.js';
import type { Kernel } from './kernel.js';
import { copySources, hashSources, listSources, updateSources } from './module-sources.js';

/** Modules built for one kernel. */
export interface ModuleSet {
  directory: string;
  /** File names in `directory`, sorted. */
  modules: readonly string[];
  /** Whether the modules were already in the cache. */
  cached: boolean;
  /** Path of the build's output. */
  log: string;
  /** The compiler's warnings (W=1) about the driver's own files. */
  warnings: readonly string[];
}

const isModule = (name: string): boolean => name.endsWith('.ko');

const builtModules = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter(isModule).sort();

/** Absolute paths of the modules below `directory`, also in subdirectories (`obj-m += src/`). */
const modulesBelow = async (directory: string): Promise<string[]> => {
  const { stdout } = await execa('find', [directory, '-type', 'f', '-name', '*.ko', '-print0']);
  return stdout.split('\0').filter((path) => path !== '');
};

/**
 * Compiles the sources in `work` and copies the modules to `to`, which must not exist. Rejects as
 * `throwBuildFailure`.
 */
const compileIn = async (
  work: string,
  to: string,
  kernel: Kernel,
  root: ToolRoot,
  sourceDirectory: string,
  options: CompileOptions = {},
): Promise<void> => {
  const compilation = await compile(kernel, root, work, options);
  const modules = await modulesBelow(work);
  if (!compilation.ok || modules.length === 0)
    return throwBuildFailure(compilation, kernel, root, sourceDirectory, options.signal);
  await mkdir(to);
  for (const path of modules) await copyFile(path, join(to, basename(path)));
  await writeFile(join(to, logName), `${compilation.log}\n`);
  await writeChecksums(to);
};

const logName = 'build.log';

/** Part of every cache key. Change it when an entry gets other files from the same sources. */
const recipe = 'with checksums';

/** The directory of the built modules within a kept build tree. */
const modulesName = '.modules';

/** The modules that a build wrote to `directory`. Rejects with DRIVER_SOURCE if there are none. */
export const readModules = async (directory: string): Promise<ModuleSet> => {
  const modules = await builtModules(directory);
  if (modules.length === 0)
    throw new HarnessError('DRIVER_SOURCE', { directory, reason: 'no modules (.ko) have been built there' });
  const log = join(directory, logName);
  return {
    directory,
    modules,
    cached: true,
    log,
    warnings: warningsIn(printable(await readFile(log, 'utf8'))),
  };
};

export interface BuildOptions extends ProgressOptions {
  /** With line numbers and types, for a debugger. */
  readonly lines?: boolean | undefined;
}

/**
 * Builds the modules of a Kbuild directory, or finds them in the cache (same kernel package, sources and
 * compiler). Never writes to the directory. Rejects with DRIVER_BUILD, with the first error, if the driver
 * does not compile, with DRIVER_SOURCE if there is nothing to compile, and with another error if the driver
 * is not to blame.
 */
export const buildModules = async (
  kernel: Kernel,
  root: ToolRoot,
  sourceDirectory: string,
  { progress, lines = false }: BuildOptions = {},
): Promise<ModuleSet> => {
  const more = lines ? lineArguments : [];
  const what = `modules of ${basename(sourceDirectory)} for ${kernel.release}`;
  const files = await listSources(sourceDirectory);
  const context = [recipe, kernel.version, root.compiler, ...makeArguments, ...more];
  const key = await hashSources(sourceDirectory, files, context);
  const target = join(cacheDirectory(), 'modules', kernel.release, key);
  let cached = true;
  const directory = await publish(
    target,
    async (temporary) => {
      cached = false;
      progress?.(`building the ${what}`);
      const work = `${temporary}-work`;
      try {
        await copySources(sourceDirectory, files, work);
        if ((await hashSources(work, files, context)) !== key) {
          throw new HarnessError('DRIVER_SOURCE', {
            directory: sourceDirectory,
            reason: 'its files changed while they were read; run the same command again',
          });
        }
        await compileIn(work, temporary, kernel, root, sourceDirectory, { more });
      } finally {
        await removeTree(work);
      }
    },
    {
      // A damaged module does not load, for which the driver would be blamed.
      isIntact: matchesChecksums,
      onWait: ({ holder }) => progress?.(`waiting for ${holder}, which builds the ${what}`),
    },
  );
  return { ...(await readModules(directory)), cached };
};

/**
 * Builds in `tree`, a directory that the caller keeps for this kernel alone: the next build there compiles
 * only what changed. Does not use the cache. Rejects as `buildModules` does. After `signal` is aborted, the
 * tree must not be used again: make would take a partly written object file for a complete one.
 */
export const buildInTree = async (
  kernel: Kernel,
  root: ToolRoot,
  sourceDirectory: string,
  tree: string,
  signal?: AbortSignal,
): Promise<ModuleSet> => {
  await mkdir(tree, { recursive: true });
  await updateSources(sourceDirectory, await listSources(sourceDirectory), tree);
  // Remove all modules, since the sources may no longer build some of them. The others are linked again.
  for (const path of await modulesBelow(tree)) await rm(path);
  const modules = join(tree, modulesName);
  await removeTree(modules);
  await compileIn(tree, modules, kernel, root, sourceDirectory, { signal });
  return { ...(await readModules(modules)), cached: false };
};
