// A kernel of the caller's own, taken into the cache as it is at this moment.
import { copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cacheDirectory } from '../../harness/base/cache/directory.js';
import { keepNewest } from '../../harness/base/cache/keep-newest.js';
import { publish } from '../../harness/base/cache/publish.js';
import { HarnessError } from '../../harness/base/errors.js';
import type { ToolRoot } from '../toolroot/enter.js';
import type { ProgressOptions } from '../toolroot/progress.js';
import { runInToolRoot } from '../toolroot/run.js';
import { type Kernel, manifestFor, readKernel } from './kernel.js';
import { type KernelDirectory, readKernelDirectory } from './kernel-directory.js';
import { layOut } from './layout.js';
import type { KernelRow } from './table.js';

const copyIfThere = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, verbatimSymlinks: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });

/** Copied, and then treated as packages that were fetched: the original keeps its layout, and may go. */
const copyPackages = async (found: KernelDirectory, tree: string, root: ToolRoot): Promise<void> => {
  await mkdir(tree, { recursive: true });
  for (const part of ['boot', 'lib/modules', 'usr/lib', 'usr/src']) {
    await mkdir(dirname(join(tree, part)), { recursive: true });
    await copyIfThere(join(found.directory, part), join(tree, part));
  }
  const image = join(tree, 'boot', `vmlinuz-${found.release}`);
  if (/^vmlinux\b/.test(found.image.slice(dirname(found.image).length + 1))) {
    await mkdir(dirname(image), { recursive: true });
    await copyFile(found.image, image);
  }
  await layOut(tree, found.release, root);
};

/** modules.order names what was built: `kernel/fs/ext4/ext4.ko`, in newer trees `fs/ext4/ext4.o`. */
const modulePaths = (order: string): string[] =>
  order
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^kernel\//, '').replace(/\.o$/, '.ko'));

/** What `make modules_install` would lay out, with links in place of copies: there may be thousands. */
const linkModules = async (found: KernelDirectory, tree: string, root: ToolRoot): Promise<void> => {
  const { directory, release } = found;
  const modules = join(tree, 'usr/lib/modules', release);
  for (const path of modulePaths(await readFile(join(directory, 'modules.order'), 'utf8'))) {
    const place = join(modules, 'kernel', path);
    await mkdir(dirname(place), { recursive: true });
    await symlink(join(directory, path), place);
  }
  await mkdir(modules, { recursive: true });
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'])
    await copyIfThere(join(directory, name), join(modules, name));
  await mkdir(join(tree, 'boot'), { recursive: true });
  await copyFile(found.image, join(tree, 'boot', `vmlinuz-${release}`));
  await copyFile(found.config, join(tree, 'boot', `config-${release}`));
  await runInToolRoot(root, ['depmod', '--basedir', join(tree, 'usr'), release], {
    binds: [{ path: directory }, { path: tree, writable: true }],
  });
};

/** The files that moduleClosure reads, and that older or smaller kernels may not have made. */
const completeIndex = async (tree: string, release: string): Promise<void> => {
  for (const name of ['modules.builtin.modinfo', 'modules.softdep', 'modules.alias', 'modules.dep'])
    await writeFile(join(tree, 'usr/lib/modules', release, name), '', { flag: 'a' });
};

/** Below the cache: by name and by what it was made of, so that a kernel that is built again is another one. */
const placeOf = (row: KernelRow, { fingerprint }: KernelDirectory): string =>
  join(cacheDirectory(), 'own-kernels', `${row.name}-${fingerprint}`);

/** A tree that is built again and again leaves a kernel each time: this one and the one before stay. */
const prune = (row: KernelRow, current: string): Promise<void> =>
  keepNewest(dirname(current), {
    count: 2,
    always: [basename(current)],
    among: (name) => name.replace(/-[0-9a-f]{12}$/, '') === row.name,
  });

/** The kernel in the row's directory. KERNEL_DIRECTORY if it is not complete; KERNEL_INCOMPLETE if its packages are not. */
export const adoptKernel = async (
  row: KernelRow & { directory: string },
  root: ToolRoot,
  { progress }: ProgressOptions = {},
): Promise<Kernel> => {
  const found = await readKernelDirectory(row.directory);
  const { kind, release, directory, fingerprint } = found;
  const place = await publish(placeOf(row, found), async (temporary) => {
    progress?.(`kernel ${row.name}: taking ${release} from ${directory}`);
    if (kind === 'packages') await copyPackages(found, temporary, root);
    else await linkModules(found, temporary, root);
    await completeIndex(temporary, release);
    const [file, text] = manifestFor({ release, version: fingerprint });
    await writeFile(join(temporary, file), text);
  });
  await prune(row, place);
  const kernel = await readKernel(row, place);
  if (kernel === undefined)
    throw new HarnessError('KERNEL_INCOMPLETE', { release, path: 'kernel.json of this layout' });
  if (kind === 'packages') return kernel;
  const sources = found.source === undefined || found.source === directory ? [] : [{ path: found.source }];
  return { ...kernel, buildDirectory: directory, buildBinds: [{ path: directory }, ...sources] };
};
