// What scenarios run on: tool root, kernel, driver and QEMU, chosen by the environment of the process.
import { resolve } from 'node:path';
import { asset } from '../../images/asset.js';
import { defaultKernelName } from '../../images/kernels/table.js';
import { type Prepared, prepare } from '../../images/prepare.js';
import type { Progress } from '../../images/toolroot/progress.js';
import { HarnessError } from '../base/errors.js';
import { type DriverDescription, readDriver } from '../driver/description.js';
import { type AcceleratorChoice, probeAccelerator } from '../qemu/accelerator.js';
import { findQemu, type Qemu } from '../qemu/find.js';
import {
  DEFAULT_GENERATION,
  type GenerationName,
  generationNames,
  isGenerationName,
} from '../vmmci/generations.js';

/** Set by the commands for the scenario processes that they start. */
export const variables = {
  kernel: 'VMMCI_KERNEL',
  driver: 'VMMCI_DRIVER',
  /** The name of a known driver's description, or a file with one. */
  description: 'VMMCI_DRIVER_DESCRIPTION',
  /** A directory with the driver's modules, built already for this kernel. */
  modules: 'VMMCI_MODULES',
  qemu: 'VMMCI_QEMU',
  generation: 'VMMCI_GENERATION',
  /** The directory of this run's artifacts. */
  run: 'VMMCI_RUN',
  /** `1`: artifacts are kept of scenarios that pass, too. */
  keep: 'VMMCI_KEEP',
} as const;

export interface Environment extends Prepared {
  qemu: Qemu;
  accelerator: AcceleratorChoice;
  driver: DriverDescription;
  /** What was chosen in place of the description beside the driver. */
  description?: string | undefined;
  /** For scenarios that do not name one themselves. */
  generation: GenerationName;
  /** Where the artifacts of this run go. */
  run: string;
  keep: boolean;
}

/**
 * Where a run that starts now leaves what it leaves: below the working directory, wherever the package itself is. The name sorts by
 * time (UTC) and needs no quoting anywhere.
 */
export const newRunDirectory = (now = new Date()): string =>
  resolve('runs', now.toISOString().slice(0, 19).replaceAll(':', '.'));

const generationOf = (name: string = DEFAULT_GENERATION): GenerationName => {
  if (isGenerationName(name)) return name;
  throw new HarnessError('UNKNOWN_NAME', { kind: 'generation', name, valid: generationNames.join(', ') });
};

/** Makes what is missing; quick when nothing is. Throws what the parts throw. */
export const openEnvironment = async (progress?: Progress): Promise<Environment> => {
  const { env } = process;
  const generation = generationOf(env[variables.generation]);
  const directory = resolve(env[variables.driver] ?? asset('driver'));
  const description = env[variables.description];
  const driver = await readDriver(directory, description);
  const prepared = await prepare(env[variables.kernel] ?? defaultKernelName, {
    driver: directory,
    modules: env[variables.modules],
    progress,
  });
  const qemu = await findQemu({ path: env[variables.qemu], root: prepared.root });
  const accelerator = await probeAccelerator(qemu);
  const run = resolve(env[variables.run] ?? newRunDirectory());
  return {
    ...prepared,
    qemu,
    accelerator,
    driver,
    description,
    generation,
    run,
    keep: env[variables.keep] === '1',
  };
};
