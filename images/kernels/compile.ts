// One run of the kernel's build system on a directory of sources, in the tool root.

import { availableParallelism } from 'node:os';
import type { ToolRoot } from '../toolroot/enter.js';
import { entryFailure } from '../toolroot/entry-failure.js';
import { runInToolRoot } from '../toolroot/run.js';
import { tidyLog } from './build-log.js';
import { type Kernel, kernelBinds } from './kernel.js';

/**
 * Without CC, kbuild asks for the compiler that Debian built the kernel with. Type information needs a vmlinux that is not packaged for
 * all. With debugging information a module is twenty times as big, which each guest would unpack and load; a trace has names without it.
 */
export const makeArguments = [
  'CC=gcc',
  'CONFIG_DEBUG_INFO=',
  'CONFIG_DEBUG_INFO_BTF_MODULES=',
  'W=1',
  'modules',
];

/** A path without spaces, which make could not take. */
const buildPath = '/build';

export interface Compilation {
  readonly ok: boolean;
  /** All that the build printed, with the driver's own file names. */
  readonly log: string;
}

/**
 * Builds the modules in `directory`, which is written to. Throws HOST_… or CACHE_… where the tool root cannot be entered. When
 * `signal` is aborted, the compiler is ended; rejects with the reason once it is gone.
 */
export const compile = async (
  kernel: Kernel,
  root: ToolRoot,
  directory: string,
  signal?: AbortSignal,
): Promise<Compilation> => {
  signal?.throwIfAborted();
  const jobs = `-j${Math.min(4, availableParallelism())}`;
  const argv = ['make', jobs, '-C', kernel.buildDirectory, `M=${buildPath}`, ...makeArguments];
  const result = await runInToolRoot(root, argv, {
    binds: [...kernelBinds(kernel), { path: directory, at: buildPath, writable: true }],
    host: { all: true, reject: false, ...(signal && { cancelSignal: signal }) },
  });
  signal?.throwIfAborted();
  const { all = '', shortMessage = '' } = result;
  if (!result.failed) return { ok: true, log: tidyLog(all) };
  const failure = entryFailure(root.path, result);
  if (failure !== undefined) throw failure;
  return { ok: false, log: tidyLog(all === '' ? shortMessage : all) };
};
