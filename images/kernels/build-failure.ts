// Finds out why a module build failed, and so whether the driver, the kernel tree or the host is to blame.

import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { HarnessError } from '../../harness/base/errors.js';
import { leastFreeSpace, reportsDiskFull } from '../../harness/base/file-system.js';
import { temporaryDirectory } from '../../harness/base/temporary-directory.js';
import { printable, shorten } from '../../harness/base/text.js';
import { asset } from '../asset.js';
import type { ToolRoot } from '../toolroot/enter.js';
import { firstError, hostTrouble, isAboutSource } from './build-log.js';
import { type Compilation, compile } from './compile.js';
import type { Kernel } from './kernel.js';
import { expectedDirectory } from './kernel-directory.js';
import { copySources, listSources } from './module-sources.js';

/** A reason for a message: one line without control characters. */
const reasonIn = (log: string): string => printable(shorten(firstError(log), 300));

/** Builds a minimal module for this kernel. */
const compileProbe = async (
  kernel: Kernel,
  root: ToolRoot,
  signal: AbortSignal | undefined,
): Promise<Compilation> => {
  const directory = temporaryDirectory();
  try {
    const probe = asset('kernels', 'probe');
    await copySources(probe, await listSources(probe), directory.path);
    return await compile(kernel, root, directory.path, { signal });
  } finally {
    directory.remove();
  }
};

/**
 * Resolves if a module can be built for the kernel. Otherwise KERNEL_DIRECTORY for a kernel of the user's
 * own, or KERNEL_TREE.
 */
export const checkBuildable = async (kernel: Kernel, root: ToolRoot, signal?: AbortSignal): Promise<void> => {
  const { ok, log } = await compileProbe(kernel, root, signal);
  if (ok) return;
  await throwForHost(log);
  const reason = `no module can be built for it here: ${reasonIn(log)}`;
  const { name, ask, release, flavour } = kernel;
  if (flavour === 'own')
    throw new HarnessError('KERNEL_DIRECTORY', { directory: ask, reason, expected: expectedDirectory });
  throw new HarnessError('KERNEL_TREE', { release, reason, name });
};

const throwForHost = async (log: string): Promise<void> => {
  if (reportsDiskFull(log)) {
    // Drivers are built in the cache, and the probe in a temporary directory.
    const paths = { XDG_CACHE_HOME: cacheDirectory(), TMPDIR: tmpdir() };
    const { variable } = await leastFreeSpace(paths);
    throw new HarnessError('CACHE_FULL', { path: paths[variable], variable });
  }
  const trouble = hostTrouble(log);
  if (trouble !== undefined)
    throw new HarnessError('BUILD_BROKEN', { reason: printable(shorten(trouble, 300)) });
};

/**
 * Rejects with the error for a failed build of `sourceDirectory`: DRIVER_BUILD, or if the driver is not to
 * blame, CACHE_FULL, BUILD_BROKEN, KERNEL_DIRECTORY or KERNEL_TREE.
 */
export const throwBuildFailure = async (
  { ok, log }: Compilation,
  kernel: Kernel,
  root: ToolRoot,
  sourceDirectory: string,
  signal?: AbortSignal,
): Promise<never> => {
  await throwForHost(log);
  const logs = join(cacheDirectory(), 'logs');
  const kept = join(logs, `build-${kernel.release}.log`);
  await mkdir(logs, { recursive: true });
  await writeFile(kept, `${log}\n`);
  if (!ok && !isAboutSource(firstError(log))) await checkBuildable(kernel, root, signal);
  throw new HarnessError('DRIVER_BUILD', {
    directory: sourceDirectory,
    release: kernel.release,
    reason: ok ? 'the build made no module (.ko)' : reasonIn(log),
    log: kept,
  });
};
