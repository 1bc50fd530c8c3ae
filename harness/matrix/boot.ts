// The snapshot that a kernel's scenarios are restored from, made before the first of them, and proven to
// load.

import type { ModuleSet } from '../../images/kernels/build.js';
import type { Kernel } from '../../images/kernels/kernel.js';
import { describeRemake, restoreGuest } from '../guest/start.js';
import { defaultChoice } from '../run/choice.js';
import { type SharedEnvironment, withKernel } from '../run/environment.js';
import { makeDisks } from '../scenario/disks.js';
import { machineOf } from '../scenario/machine.js';
import { privateDirectory } from '../socket/private-directory.js';

/**
 * `cached`: the snapshot was there. `remedied`: why it had to be made anew. Throws what booting and restoring
 * throw.
 */
export const warmSnapshot = async (
  shared: SharedEnvironment,
  kernel: Kernel,
  modules: ModuleSet,
): Promise<{ cached: boolean; remedied: string[] }> => {
  const temporary = privateDirectory();
  // A run that is interrupted ends this process while we wait.
  process.once('exit', temporary.remove);
  let cached = true;
  const remedied: string[] = [];
  try {
    const environment = await withKernel(shared, kernel, modules, defaultChoice(temporary.path));
    const disks = await makeDisks(environment, temporary.path, { format: false });
    const guest = await restoreGuest({
      qemu: shared.qemu,
      machine: machineOf(environment, disks),
      // It fails in seconds, where a scenario would wait long and then blame the driver.
      verify: ({ shell }) => shell.output(['guest-clock'], { what: 'answer of the restored guest' }),
      onSnapshot: ({ error }) => {
        cached = false;
        if (error !== undefined) remedied.push(describeRemake(error));
      },
    });
    await guest.machine.kill();
    return { cached, remedied };
  } finally {
    process.off('exit', temporary.remove);
    temporary.remove();
  }
};
