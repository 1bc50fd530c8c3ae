// What scenarios run on: tool root, QEMU and accelerator, driver, and what is made of a kernel.
import { ensureBootImage } from '../../images/guest/boot-image.js';
import { ensureInitramfs } from '../../images/guest/initramfs.js';
import { buildModules, type ModuleSet, readModules } from '../../images/kernels/build.js';
import { ensureKernel } from '../../images/kernels/ensure.js';
import type { Kernel } from '../../images/kernels/kernel.js';
import { listSources } from '../../images/kernels/module-sources.js';
import { kernelRow } from '../../images/kernels/table.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import type { ToolRoot } from '../../images/toolroot/enter.js';
import { checkRunPrograms } from '../../images/toolroot/host.js';
import type { Progress, ProgressOptions } from '../../images/toolroot/progress.js';
import { type DriverDescription, readDriver } from '../driver/description.js';
import { type AcceleratorChoice, probeAccelerator } from '../qemu/accelerator.js';
import { findQemu, type Qemu } from '../qemu/find.js';
import { snapshotLimit } from '../qemu/snapshot-limit.js';
import type { Choice } from './choice.js';

/** What is the same on all kernels of a run. */
export interface SharedEnvironment {
  readonly root: ToolRoot;
  readonly qemu: Qemu;
  readonly accelerator: AcceleratorChoice;
  readonly driver: DriverDescription;
}

export interface Environment extends SharedEnvironment {
  readonly kernel: Kernel;
  readonly modules: ModuleSet;
  /** The path of what QEMU starts for a cold boot. */
  readonly image: string;
  /** The path of the initramfs. */
  readonly initramfs: string;
  readonly choice: Choice;
}

/** A driver directory that is none is found here, before anything is fetched. */
export const readChosenDriver = async ({
  driver: directory,
  description,
}: Pick<Choice, 'driver' | 'description'>): Promise<DriverDescription> => {
  const driver = await readDriver(directory, description);
  await listSources(directory);
  return driver;
};

/** Makes the tool root if it is missing. Throws what its parts throw. */
export const openShared = async (
  choice: Pick<Choice, 'driver' | 'description' | 'qemu'>,
  progress?: Progress,
): Promise<SharedEnvironment> => {
  // Checked here, before a snapshot is to be made.
  snapshotLimit();
  const driver = await readChosenDriver(choice);
  const root = await ensureToolRoot({ progress });
  await checkRunPrograms();
  const qemu = await findQemu({ path: choice.qemu, root });
  const accelerator = await probeAccelerator(qemu);
  return { root, qemu, accelerator, driver };
};

/** Adds what is made of one kernel. */
export const onKernel = async (
  shared: SharedEnvironment,
  kernel: Kernel,
  modules: ModuleSet,
  choice: Choice,
): Promise<Environment> => ({
  ...shared,
  kernel,
  modules,
  initramfs: await ensureInitramfs(kernel, shared.root),
  image: await ensureBootImage(kernel, shared.root),
  choice,
});

interface OpenOptions extends ProgressOptions {
  /** Fetch the newest build of the kernel that its suite has, although there is one already. */
  readonly update?: boolean | undefined;
}

/** Makes what is missing; quick when nothing is. Throws what the parts throw. */
export const openEnvironment = async (
  choice: Choice,
  { progress, update }: OpenOptions = {},
): Promise<Environment> => {
  const row = kernelRow(choice.kernel);
  const shared = await openShared(choice, progress);
  const { root } = shared;
  const kernel = await ensureKernel(row, root, { progress, update });
  const modules =
    choice.modules === undefined
      ? await buildModules(kernel, root, choice.driver, { progress })
      : await readModules(choice.modules);
  return onKernel(shared, kernel, modules, choice);
};
