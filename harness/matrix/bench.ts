// What all cells of a run share.
import { asset } from '../../images/asset.js';
import { listSources } from '../../images/kernels/module-sources.js';
import { ensureToolRoot } from '../../images/toolroot/ensure.js';
import type { ToolRoot } from '../../images/toolroot/enter.js';
import type { Progress } from '../../images/toolroot/progress.js';
import { type DriverDescription, readDriver } from '../driver/description.js';
import { type AcceleratorChoice, probeAccelerator } from '../qemu/accelerator.js';
import { findQemu, type Qemu } from '../qemu/find.js';

export interface Bench {
  readonly root: ToolRoot;
  readonly qemu: Qemu;
  readonly accelerator: AcceleratorChoice;
  readonly driver: DriverDescription;
}

export interface BenchOptions {
  /** Absolute; the bundled driver when not given. */
  readonly driver?: string | undefined;
  /** A known driver's name, or a file; what lies beside the driver when not given. */
  readonly description?: string | undefined;
  readonly qemu?: string | undefined;
  readonly progress: Progress;
}

/** A driver directory that is none is found here, before anything is fetched. */
export const readBenchDriver = async (
  directory = asset('driver'),
  description?: string,
): Promise<DriverDescription> => {
  const driver = await readDriver(directory, description);
  await listSources(directory);
  return driver;
};

/** Makes the tool root if it is missing. Throws what its parts throw. */
export const openBench = async ({
  driver: directory,
  description,
  qemu: path,
  progress,
}: BenchOptions): Promise<Bench> => {
  const driver = await readBenchDriver(directory, description);
  const root = await ensureToolRoot({ progress });
  const qemu = await findQemu({ path, root });
  const accelerator = await probeAccelerator(qemu);
  return { root, qemu, accelerator, driver };
};
