// Unloads the driver of a device that does not respond.

import { readKernelLog } from '../../harness/guest/kernel-log.js';
import { describeSplat, type Splat } from '../../harness/guest/splats.js';
import type { Scene } from '../../harness/scenario/scene.js';
import { checkNames } from './check-names.js';

/**
 * virtio_dev_remove() of the virtio core warns, once, if the status is not 0 after the driver was removed. An
 * absent device reads as all ones, also through Linux's own transports (drivers/virtio/virtio_pci_legacy.c).
 */
const isOfCore = ({ kind, line }: Splat): boolean => kind === 'WARNING' && line.includes('virtio_dev_remove');

/**
 * Unloads the driver. The warning of the virtio core about an absent device is a check here, and does not
 * count again when the kernel log is judged.
 */
export const unloadAbsent = async ({
  check,
  vm,
  driver,
}: Pick<Scene, 'check' | 'vm' | 'driver'>): Promise<void> => {
  const warnings = async (): Promise<Splat[]> =>
    (await readKernelLog(vm.shell, 'up')).splats.filter(isOfCore);
  const before = new Set((await warnings()).map(({ line }) => line));
  await driver.unload();
  const added = (await warnings()).filter(({ line }) => !before.has(line));
  for (const { line } of added) vm.judged.add(line);
  check('reports-absent-status').equal(checkNames.absentStatus, added.map(describeSplat), []);
};
