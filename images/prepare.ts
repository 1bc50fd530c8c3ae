// Everything that a guest of one kernel needs, made or fetched if it is missing.

import { asset } from './asset.js';
import { ensureBootImage } from './guest/boot-image.js';
import { ensureInitramfs } from './guest/initramfs.js';
import { buildModules, type ModuleSet, readModules } from './kernels/build.js';
import { ensureKernel } from './kernels/ensure.js';
import type { Kernel } from './kernels/kernel.js';
import { kernelRow } from './kernels/table.js';
import { ensureToolRoot } from './toolroot/ensure.js';
import type { ToolRoot } from './toolroot/enter.js';
import type { ProgressOptions } from './toolroot/progress.js';

export interface Prepared {
  root: ToolRoot;
  kernel: Kernel;
  modules: ModuleSet;
  /** The path of what QEMU starts for a cold boot. */
  image: string;
  /** The path of the initramfs. */
  initramfs: string;
}

interface PrepareOptions extends ProgressOptions {
  /** A Kbuild directory; the bundled driver when not given. */
  driver?: string | undefined;
  /** A directory with its modules, built already for just this kernel. */
  modules?: string | undefined;
  /** Fetch the newest build of the kernel that its suite has, although there is one already. */
  update?: boolean | undefined;
}

/** `name` is that of a row of the kernel table. Quick when all is there; see the four parts for what they throw. */
export const prepare = async (
  name: string,
  { driver = asset('driver'), modules: built, update, progress }: PrepareOptions = {},
): Promise<Prepared> => {
  const row = kernelRow(name);
  const root = await ensureToolRoot({ progress });
  const kernel = await ensureKernel(row, root, { progress, update });
  const modules =
    built === undefined ? await buildModules(kernel, root, driver, { progress }) : await readModules(built);
  const initramfs = await ensureInitramfs(kernel, root);
  const image = await ensureBootImage(kernel, root);
  return { root, kernel, modules, image, initramfs };
};
