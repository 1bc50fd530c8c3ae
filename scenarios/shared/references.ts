// Counts the references to a PCI function, by a helper module (images/kernels/helpers).

import type { Shell } from '../../harness/guest/shell.js';

/** The number of references to the function. Rejects with GUEST_COMMAND. */
export const references = async (shell: Pick<Shell, 'output'>, address: string): Promise<number> => {
  await shell.output(['load', 'references', `address=${address}`], { what: 'a count of references' });
  const count = await shell.output(['read-files', '/sys/module/references/parameters/count']);
  await shell.output(['unload', 'references']);
  return Number(count);
};
