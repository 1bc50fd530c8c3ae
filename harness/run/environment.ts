// Prepares what scenarios run on: tool root, QEMU, accelerator, driver, kernel, modules and boot images.

import { readFile } from 'node:fs/promises';
import { ensureBootImage } from '../../images/guest/boot-image.js';
import { ensureInitramfs } from '../../images/guest/initramfs.js';
import { buildModules, type ModuleSet, readModules } from '../../images/kernels/build.js';
import { ensureKernel } from '../../images/kernels/ensure.js';
import type { Kernel } from '../../images/kernels/kernel.js';
import { listSources } from '../../images/kernels/module-sources.js';
import { slownessOf } from '../../images/kernels/slowness.js';
import { kernelRow } from '../../images/kernels/table.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import type { ToolRoot } from '../../images/toolroot/enter.js';
import { checkRunPrograms } from '../../images/toolroot/host.js';
import type { Progress, ProgressOptions } from '../../images/toolroot/progress.js';
import type { Level } from '../diagnosis/requirements.js';
import { type DriverDescription, readDriver } from '../driver/description.js';
import { type AcceleratorChoice, probeAccelerator } from '../qemu/accelerator.js';
import { findQemu, type Qemu } from '../qemu/find.js';
import { snapshotLimit } from '../qemu/snapshot-limit.js';
import { type Timers, timersFor } from '../qemu/timers.js';
import type { Choice } from './choice.js';
import { nameDriver } from './driver-name.js';

export type { Kernel } from '../../images/kernels/kernel.js';

/** The part of an environment that all kernels of a run share. */
export interface SharedEnvironment {
  /** @internal */
  readonly root: ToolRoot;
  /** @internal */
  readonly qemu: Qemu;
  /** @internal */
  readonly accelerator: AcceleratorChoice;
  /** The description of the driver under test. */
  readonly driver: DriverDescription;
}

export interface Environment extends SharedEnvironment {
  /** The kernel of the guests. */
  readonly kernel: Kernel;
  /** @internal */
  readonly modules: ModuleSet;
  /** The path of the kernel image that QEMU boots. @internal */
  readonly image: string;
  /** The path of the initramfs. @internal */
  readonly initramfs: string;
  /** @internal */
  readonly choice: Choice;
  /** The lowest level of requirements that fails a scenario; lower levels are advice. */
  readonly level: Level;
  /** How many times longer guests with this kernel take than guests with an ordinary one. */
  readonly slowness: number;
  /** Timers for all waits for a guest with this kernel. @internal */
  readonly timers: Timers;
}

/** Reads the driver's description. A wrong driver directory is an error here, before anything is fetched. */
export const readChosenDriver = async ({
  driver: directory,
  description,
}: Pick<Choice, 'driver' | 'description'>): Promise<DriverDescription> => {
  // First: a wrong path has no description either.
  await listSources(directory);
  return nameDriver(await readDriver(directory, description), directory);
};

type WithLevel = Pick<Choice | DriverDescription, 'level'>;

/** The level of `--level`, or else of the driver's description; undefined if neither has one. */
export const givenLevel = (choice: WithLevel, driver: WithLevel): Level | undefined =>
  choice.level ?? driver.level;

/** The lowest level of requirements that fails a scenario. */
export const levelFor = (choice: WithLevel, driver: WithLevel): Level =>
  givenLevel(choice, driver) ?? 'should';

/** Builds the tool root if it is missing. */
export const openShared = async (
  choice: Pick<Choice, 'driver' | 'description' | 'qemu'>,
  progress?: Progress,
): Promise<SharedEnvironment> => {
  // Throws for a wrong limit now, not only when the first snapshot is made.
  snapshotLimit();
  const driver = await readChosenDriver(choice);
  const root = await ensureToolRoot({ progress });
  await checkRunPrograms();
  const qemu = await findQemu({ path: choice.qemu, root });
  const accelerator = await probeAccelerator(qemu);
  return { root, qemu, accelerator, driver };
};

/** Adds one kernel, with its modules and boot images, to a shared environment. */
export const withKernel = async (
  shared: SharedEnvironment,
  kernel: Kernel,
  modules: ModuleSet,
  choice: Choice,
  progress?: Progress,
): Promise<Environment> => {
  const slowness = slownessOf(await readFile(kernel.config, 'utf8'));
  return {
    ...shared,
    kernel,
    modules,
    initramfs: await ensureInitramfs(kernel, shared.root, { progress }),
    image: await ensureBootImage(kernel, shared.root),
    choice,
    level: levelFor(choice, shared.driver),
    slowness,
    timers: timersFor(slowness),
  };
};

interface OpenOptions extends ProgressOptions {
  /** Fetch the newest build of the kernel in its suite, even if the cache has one. */
  readonly update?: boolean | undefined;
}

/** Builds or fetches what is missing; quick if nothing is missing. */
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
  return withKernel(shared, kernel, modules, choice, progress);
};
