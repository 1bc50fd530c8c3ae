// Compiles a source package in the tool root into a tree with an image, modules and headers.

import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { removeTree } from '../../../harness/base/cache/remove-tree.js';
import { HarnessError } from '../../../harness/base/errors.js';
import type { Bind, ToolRoot } from '../../toolroot/enter.js';
import type { Progress } from '../../toolroot/progress.js';
import { runInToolRoot } from '../../toolroot/run.js';
import { firstError } from '../build-log.js';
import { optionsFor, optionsNotTaken } from './recipe.js';

/** The path of the sources in the tool root. It is fixed, since the result contains it. */
const sourcePath = '/usr/src/linux';

/** Without these variables, each build would make a different result. */
const fixedEnvironment = {
  KBUILD_BUILD_USER: 'vmmci',
  KBUILD_BUILD_HOST: 'harness',
  KBUILD_BUILD_TIMESTAMP: 'Sat Aug 9 00:00:00 UTC 2025',
  KBUILD_BUILD_VERSION: '1',
};

/** Source files that no guest needs. Kconfig files and Makefiles are kept, since others refer to them. */
const leftOut = ['*/Documentation/*.rst', '*/drivers/gpu/*.[ch]', '*/tools/testing/*.[ch]', '*/sound/*.[ch]'];

/**
 * Whether a line of make's output reports a made file: `  CC      kernel/fork.o`, `  CC [M]
 * fs/ext4/super.o`.
 */
export const isStep = (line: string): boolean => /^ {2}[A-Z_]+( \[M\])? +\S/.test(line);

/** Number of made files per progress line. */
const stepsPerLine = 100;

export interface CompileOptions {
  /** What is built, for messages: `kernel 6.12-debug`. */
  what: string;
  /** The kernel's series, which selects its configuration. */
  series: string;
  root: ToolRoot;
  /** A directory that is kept between attempts, so that the next one continues where this one ended. */
  work: string;
  /** The path of the log. */
  log: string;
  progress?: Progress | undefined;
}

const sourceOf = (work: string): string => join(work, 'source');

const failure = (reason: string, { what, log }: CompileOptions): HarnessError =>
  new HarnessError('KERNEL_BUILD', { what, reason, log });

/** Unpacks the source package in `debs`, unless an earlier attempt did. */
export const unpackSource = async (debs: string, options: CompileOptions): Promise<void> => {
  const { what, root, work, progress } = options;
  const source = sourceOf(work);
  if ((await readdir(work)).includes('source')) return;
  const [deb] = (await readdir(debs)).filter((name) => name.startsWith('linux-source-'));
  if (deb === undefined) throw failure('apt downloaded no linux-source package', options);
  progress?.(`${what}: unpacking ${deb}`);
  const partial = `${source}.partial`;
  await removeTree(partial);
  await mkdir(partial);
  const excludes = leftOut.map((pattern) => `--exclude=${pattern}`);
  const script =
    'dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards "./usr/src/linux-source-*.tar.xz" | (shift && tar -xJ --strip-components=1 "$@")';
  const argv = ['bash', '-o', 'pipefail', '-c', script, 'bash', join(debs, deb), ...excludes];
  await runInToolRoot(root, argv, { binds: [{ path: debs }, { path: work, writable: true }], cwd: partial });
  await rename(partial, source);
};

interface MakeOptions extends CompileOptions {
  binds?: readonly Bind[];
  onLine?: (line: string) => void;
}

/** Runs make on the sources. Rejects with KERNEL_BUILD, with the first error, if it fails. */
const make = async (args: readonly string[], options: MakeOptions): Promise<void> => {
  const { root, work, log, binds = [], onLine } = options;
  const child = runInToolRoot(root, ['make', `-j${availableParallelism()}`, ...args], {
    binds: [{ path: sourceOf(work), at: sourcePath, writable: true }, ...binds],
    cwd: sourcePath,
    env: fixedEnvironment,
    host: { all: true, buffer: false, reject: false },
  });
  const file = createWriteStream(log);
  child.all.pipe(file);
  for await (const line of child.iterable({ from: 'all' })) onLine?.(line);
  const { failed, shortMessage = '' } = await child;
  await finished(file);
  if (failed) throw failure(firstError(await readFile(log, 'utf8')) || shortMessage, options);
};

const configure = async (options: CompileOptions): Promise<void> => {
  const wanted = await optionsFor(options.series);
  const path = join(options.work, 'requested.config');
  await writeFile(path, wanted.map(({ name, value }) => `CONFIG_${name}=${value}\n`).join(''));
  const binds = [{ path, at: '/requested.config' }];
  await make(['KCONFIG_ALLCONFIG=/requested.config', 'allnoconfig'], { ...options, binds });
  const config = await readFile(join(sourceOf(options.work), '.config'), 'utf8');
  const missing = optionsNotTaken(wanted, config);
  if (missing.length > 0) throw failure(`the sources do not accept ${missing.join(', ')}`, options);
};

/** Configures and compiles; resolves with the release, as `uname -r` prints it. */
export const compileKernel = async (options: CompileOptions): Promise<string> => {
  const { what, progress } = options;
  await configure(options);
  let steps = 0;
  const onLine = (line: string): void => {
    if (!isStep(line)) return;
    steps += 1;
    if (steps % stepsPerLine === 0) progress?.(`${what}: ${steps} steps, ${line.trim().split(/\s+/).at(-1)}`);
  };
  await make(['bzImage', 'modules'], { ...options, onLine });
  return (await readFile(join(sourceOf(options.work), 'include/config/kernel.release'), 'utf8')).trim();
};

/** Creates `tree`, which must not exist, with the layout of the kernel's unpacked packages. */
export const installKernel = async (
  release: string,
  tree: string,
  options: CompileOptions,
): Promise<void> => {
  const source = sourceOf(options.work);
  const headers = `/tree/usr/src/linux-headers-${release}`;
  const modules = join(tree, 'usr/lib/modules', release);
  for (const part of ['boot', 'usr/lib/modules', 'usr/src'])
    await mkdir(join(tree, part), { recursive: true });
  const binds = [{ path: tree, at: '/tree', writable: true }];
  await make(['modules_install', 'INSTALL_MOD_PATH=/tree/usr', 'DEPMOD=true'], { ...options, binds });
  // Kbuild's own script knows what a module build needs.
  const install = `KBUILD_RUN_COMMAND=+$(srctree)/scripts/package/install-extmod-build ${headers}`;
  await make(['run-command', install], { ...options, binds });
  for (const link of ['build', 'source']) await rm(join(modules, link), { force: true });
  const script =
    'cp arch/x86/boot/bzImage "/tree/boot/vmlinuz-$1" && cp .config "/tree/boot/config-$1" && cp System.map "/tree/boot/System.map-$1"';
  await runInToolRoot(options.root, ['sh', '-c', script, 'sh', release], {
    binds: [{ path: source, at: sourcePath }, ...binds],
    cwd: sourcePath,
  });
};
