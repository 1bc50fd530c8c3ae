// Runs the kernel's build system once on a directory of sources, in the tool root.

import { availableParallelism } from 'node:os';
import type { ToolRoot } from '../toolroot/enter.js';
import { entryFailure } from '../toolroot/entry-failure.js';
import { runInToolRoot } from '../toolroot/run.js';
import { tidyLog } from './build-log.js';
import { type Kernel, kernelBinds } from './kernel.js';

/**
 * Without CC, kbuild requires the compiler that Debian built the kernel with. BTF needs a vmlinux, which not
 * all kernel packages have. Debugging information makes a module twenty times as large to unpack and load in
 * each guest, and backtraces have function names without it.
 */
export const makeArguments = [
  'CC=gcc',
  'CONFIG_DEBUG_INFO=',
  'CONFIG_DEBUG_INFO_BTF_MODULES=',
  'W=1',
  'modules',
];

/** Adds line numbers and types for a debugger, in place of CONFIG_DEBUG_INFO. */
export const lineArguments = ['KCFLAGS=-g'];

/** Where the sources appear in the tool root: a path without spaces, which make cannot handle. */
const buildPath = '/build';

export interface Compilation {
  readonly ok: boolean;
  /** The build's output, with file names relative to the driver's directory. */
  readonly log: string;
}

export interface CompileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Further arguments of make. */
  readonly more?: readonly string[] | undefined;
}

/**
 * Builds the modules in `directory` and writes to it. Rejects with HOST_… or CACHE_… if the tool root cannot
 * be entered. Aborting `signal` ends the compiler; the promise rejects with the reason once it has ended.
 */
export const compile = async (
  kernel: Kernel,
  root: ToolRoot,
  directory: string,
  { signal, more = [] }: CompileOptions = {},
): Promise<Compilation> => {
  signal?.throwIfAborted();
  const jobs = `-j${Math.min(4, availableParallelism())}`;
  const argv = ['make', jobs, '-C', kernel.buildDirectory, `M=${buildPath}`, ...makeArguments, ...more];
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
