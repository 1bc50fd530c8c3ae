// `vmmci setup`: everything that guests need, into the cache.

import { parseArgs } from 'node:util';
import { defaultKernelName } from '../../images/kernels/table.js';
import { prepare } from '../../images/prepare.js';
import { progressLines } from './progress-lines.js';

export const summary = 'fetch and build what guests need; does nothing where all is there';

const usage = `usage: vmmci setup [--kernel NAME]… [--update]
  --kernel NAME   a kernel of the table (see vmmci kernels); ${defaultKernelName} when not given
  --update        take the newest build of the kernel that Debian has, although one is there
`;

const options = {
  kernel: { type: 'string', multiple: true },
  update: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** The exit status: 0. Errors are thrown. */
export const run = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const progress = progressLines();
  for (const name of values.kernel ?? [defaultKernelName]) {
    const { root, kernel, modules } = await prepare(name, { progress, update: values.update });
    progress(
      `QEMU ${root.version}, kernel ${kernel.release} (${kernel.version}), ${modules.modules.join(', ')}`,
    );
  }
  return 0;
};
