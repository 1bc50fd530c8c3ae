// The snapshot that a kernel's scenarios are restored from, made before the first of them, and proven to load.
import { ensureInitramfs } from '../../images/guest/initramfs.js';
import type { ModuleSet } from '../../images/kernels/build.js';
import type { Kernel } from '../../images/kernels/kernel.js';
import { restoreGuest } from '../guest/start.js';
import { makeDisks } from '../scenario/disks.js';
import type { Environment } from '../scenario/environment.js';
import { machineOf } from '../scenario/machine.js';
import { privateDirectory } from '../socket/private-directory.js';
import { DEFAULT_GENERATION } from '../vmmci/generations.js';
import type { Bench } from './bench.js';

/** `cached`: the snapshot was there. Throws what booting and restoring throw. */
export const warmSnapshot = async (
  bench: Bench,
  kernel: Kernel,
  modules: ModuleSet,
): Promise<{ cached: boolean }> => {
  const initramfs = await ensureInitramfs(kernel, bench.root);
  const place = privateDirectory();
  // A run that is interrupted ends this process while we wait.
  process.once('exit', place.remove);
  const environment: Environment = {
    ...bench,
    kernel,
    modules,
    initramfs,
    generation: DEFAULT_GENERATION,
    run: place.path,
    keep: false,
  };
  let cached = true;
  try {
    const disks = await makeDisks(environment, place.path, { format: false });
    const guest = await restoreGuest({
      qemu: bench.qemu,
      machine: machineOf(environment, disks),
      onSnapshot: () => {
        cached = false;
      },
    });
    try {
      await guest.shell.text('true', { what: 'answer of the restored guest' });
    } finally {
      await guest.machine.kill();
    }
    return { cached };
  } finally {
    process.off('exit', place.remove);
    place.remove();
  }
};
