// `vmmci setup`: fetches and builds everything that guests need.

import { defaultKernelName } from '../../images/kernels/table.js';
import { defaultChoice } from '../run/choice.js';
import { openEnvironment } from '../run/environment.js';
import { defineCommand } from './define-command.js';
import { flag, list, type Values } from './option.js';
import { progressLines } from './progress-lines.js';

const options = {
  kernel: list('NAME', 'a kernel of the table (see vmmci kernels)', { shown: defaultKernelName }),
  update: flag('fetch the newest build of the kernel, even if the cache has one'),
};

/** Exit status: always 0; errors are thrown. */
const run = async ({ kernel: names, update }: Values<typeof options>): Promise<number> => {
  const progress = progressLines();
  for (const kernelName of names.length === 0 ? [defaultKernelName] : names) {
    // No run directory is needed, because nothing runs.
    const choice = { ...defaultChoice(''), kernel: kernelName };
    const { qemu, kernel, modules } = await openEnvironment(choice, { progress, update });
    progress(
      `QEMU ${qemu.version}, kernel ${kernel.release} (${kernel.version}), ${modules.modules.join(', ')}`,
    );
  }
  return 0;
};

export const command = defineCommand({ options, run });
