// Makes the snapshot from which the scenarios of a kernel are restored, and checks that it can be restored.

import type { ModuleSet } from '../../images/kernels/build.js';
import type { Kernel } from '../../images/kernels/kernel.js';
import { describeRemake, restoreGuest } from '../guest/start.js';
import { defaultChoice, type SharedChoice } from '../run/choice.js';
import { type SharedEnvironment, withKernel } from '../run/environment.js';
import { makeDisks } from '../scenario/disks.js';
import { machineOf } from '../scenario/machine.js';
import { privateDirectory } from '../socket/private-directory.js';

/**
 * `cached` is true if the snapshot existed. `remedied` holds the reasons for which it was made again. Rejects
 * with the errors of booting and of restoring a guest.
 */
export const warmSnapshot = async (
  shared: SharedEnvironment,
  kernel: Kernel,
  modules: ModuleSet,
  choice: SharedChoice,
): Promise<{ cached: boolean; remedied: string[] }> => {
  const temporary = privateDirectory();
  let cached = true;
  const remedied: string[] = [];
  try {
    const environment = await withKernel(shared, kernel, modules, {
      ...defaultChoice(temporary.path),
      ...choice,
    });
    const disks = await makeDisks(environment, temporary.path, { format: false });
    const guest = await restoreGuest({
      qemu: shared.qemu,
      machine: machineOf(environment, disks),
      timers: environment.timers,
      // A bad snapshot fails here within seconds; a scenario would wait long and then blame the driver.
      verify: ({ shell }) => shell.output(['guest-clock'], { what: 'answer of the restored guest' }),
      onSnapshot: ({ error }) => {
        cached = false;
        if (error !== undefined) remedied.push(describeRemake(error));
      },
    });
    await guest.machine.kill();
    return { cached, remedied };
  } finally {
    temporary.remove();
  }
};
