// Building modules for a kernel, in the tool root.

import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { cacheDirectory } from '../../harness/cache/directory.js';
import { publish } from '../../harness/cache/publish.js';
import { removeTree } from '../../harness/cache/remove-tree.js';
import { HarnessError } from '../../harness/errors.js';
import type { ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { runInToolRoot } from '../toolroot/run.js';
import { firstError, tidyLog, warningsIn } from './build-log.js';
import { type Kernel, kernelBinds } from './kernel.js';
import { copySources, hashSources, listSources } from './module-sources.js';

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

/** Without CC, kbuild asks for the compiler that Debian built the kernel with. Type information needs a vmlinux that is not packaged for all. */
const makeArguments = ['CC=gcc', 'CONFIG_DEBUG_INFO_BTF_MODULES=', 'W=1', 'modules'];

/** A path without spaces, which make could not take. */
const place = '/build';

const compilerOf = async (root: ToolRoot): Promise<string> =>
  (await runInToolRoot(root, ['gcc', '--version'])).stdout.split('\n')[0] ?? '';

const compile = async (kernel: Kernel, root: ToolRoot, directory: string) => {
  const jobs = `-j${Math.min(4, availableParallelism())}`;
  const argv = ['make', jobs, '-C', kernel.buildDirectory, `M=${place}`, ...makeArguments];
  return runInToolRoot(root, argv, {
    binds: [...kernelBinds(kernel), { path: directory, at: place, writable: true }],
    host: { all: true, reject: false },
  });
};

const isModule = (name: string): boolean => name.endsWith('.ko');

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
        const { all = '', failed, shortMessage } = await compile(kernel, root, work);
        const log = tidyLog(all);
        const modules = (await readdir(work)).filter(isModule);
        if (failed || modules.length === 0) {
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
        await mkdir(temporary);
        for (const name of modules) await copyFile(join(work, name), join(temporary, name));
        await writeFile(join(temporary, 'build.log'), `${log}\n`);
      } finally {
        await removeTree(work);
      }
    },
    { onWait: ({ holder }) => progress?.(`waiting for ${holder}, which builds the ${what}`) },
  );
  const log = join(directory, 'build.log');
  const modules = (await readdir(directory)).filter(isModule).sort();
  return { directory, modules, cached, log, warnings: warningsIn(await readFile(log, 'utf8')) };
};
