// Building modules for a kernel, in the tool root.

import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { publish } from '../../harness/base/cache/publish.js';
import { removeTree } from '../../harness/base/cache/remove-tree.js';
import { HarnessError } from '../../harness/base/errors.js';
import { firstLine } from '../../harness/base/text.js';
import type { ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { runInToolRoot } from '../toolroot/run.js';
import { firstError, tidyLog, warningsIn } from './build-log.js';
import { type Kernel, kernelBinds } from './kernel.js';
import { copySources, hashSources, listSources, updateSources } from './module-sources.js';

/** Modules built for one kernel. */
export interface ModuleSet {
  directory: string;
  /** File names in it, sorted. */
  modules: readonly string[];
  /** Whether they were there already. */
  cached: boolean;
  /** What the build printed. */
  log: string;
  /** The compiler's warnings (W=1) about the driver's own files. */
  warnings: readonly string[];
}

/**
 * Without CC, kbuild asks for the compiler that Debian built the kernel with. Type information needs a vmlinux that is not packaged for
 * all. With debugging information a module is twenty times as big, which each guest would unpack and load; a trace has names without it.
 */
const makeArguments = ['CC=gcc', 'CONFIG_DEBUG_INFO=', 'CONFIG_DEBUG_INFO_BTF_MODULES=', 'W=1', 'modules'];

/** A path without spaces, which make could not take. */
const place = '/build';

const compilerOf = async (root: ToolRoot): Promise<string> =>
  firstLine((await runInToolRoot(root, ['gcc', '--version'])).stdout);

const compile = async (kernel: Kernel, root: ToolRoot, directory: string) => {
  const jobs = `-j${Math.min(4, availableParallelism())}`;
  const argv = ['make', jobs, '-C', kernel.buildDirectory, `M=${place}`, ...makeArguments];
  return runInToolRoot(root, argv, {
    binds: [...kernelBinds(kernel), { path: directory, at: place, writable: true }],
    host: { all: true, reject: false },
  });
};

const isModule = (name: string): boolean => name.endsWith('.ko');

const builtModules = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter(isModule).sort();

/** Compiles in `work`, which holds the sources, and resolves with the log. DRIVER_BUILD, with the first error, if it makes no module. */
const compileIn = async (
  work: string,
  kernel: Kernel,
  root: ToolRoot,
  sourceDirectory: string,
): Promise<string> => {
  const { all = '', failed, shortMessage } = await compile(kernel, root, work);
  const log = tidyLog(all);
  if (failed || (await builtModules(work)).length === 0) {
    const kept = join(cacheDirectory(), 'logs', `build-${kernel.release}.log`);
    await mkdir(join(cacheDirectory(), 'logs'), { recursive: true });
    await writeFile(kept, `${log}\n`);
    throw new HarnessError('DRIVER_BUILD', {
      directory: sourceDirectory,
      release: kernel.release,
      reason: failed ? firstError(log || (shortMessage ?? '')) : 'the build made no module (.ko)',
      log: kept,
    });
  }
  return log;
};

const logName = 'build.log';

/** The modules that a build has put into `directory`. DRIVER_SOURCE if there are none. */
export const readModules = async (directory: string): Promise<ModuleSet> => {
  const modules = await builtModules(directory);
  if (modules.length === 0)
    throw new HarnessError('DRIVER_SOURCE', { directory, reason: 'no modules (.ko) have been built there' });
  const log = join(directory, logName);
  return { directory, modules, cached: true, log, warnings: warningsIn(await readFile(log, 'utf8')) };
};

/**
 * Builds the modules of a Kbuild directory, or finds them in the cache (same kernel package, sources and compiler). The directory
 * itself is never written to. DRIVER_BUILD, with the first error, if it does not compile; DRIVER_SOURCE if there is nothing to.
 */
export const buildModules = async (
  kernel: Kernel,
  root: ToolRoot,
  sourceDirectory: string,
  { progress }: ProgressOptions = {},
): Promise<ModuleSet> => {
  const what = `modules of ${basename(sourceDirectory)} for ${kernel.release}`;
  const files = await listSources(sourceDirectory);
  const context = [kernel.version, await compilerOf(root), ...makeArguments];
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
        const log = await compileIn(work, kernel, root, sourceDirectory);
        await mkdir(temporary);
        for (const name of await builtModules(work)) {
          await copyFile(join(work, name), join(temporary, name));
        }
        await writeFile(join(temporary, logName), `${log}\n`);
      } finally {
        await removeTree(work);
      }
    },
    { onWait: ({ holder }) => progress?.(`waiting for ${holder}, which builds the ${what}`) },
  );
  return { ...(await readModules(directory)), cached };
};

/**
 * Builds in `tree`, a directory of the caller's for this kernel alone, which is kept: the next build there compiles only what changed.
 * Nothing goes into the cache. Throws as `buildModules` does.
 */
export const buildInTree = async (
  kernel: Kernel,
  root: ToolRoot,
  sourceDirectory: string,
  tree: string,
): Promise<ModuleSet> => {
  await mkdir(tree, { recursive: true });
  await updateSources(sourceDirectory, await listSources(sourceDirectory), tree);
  // Of a module that the sources no longer make, nothing may stay; the others are linked again.
  for (const name of await builtModules(tree)) await rm(join(tree, name));
  const log = await compileIn(tree, kernel, root, sourceDirectory);
  await writeFile(join(tree, logName), `${log}\n`);
  return { ...(await readModules(tree)), cached: false };
};
