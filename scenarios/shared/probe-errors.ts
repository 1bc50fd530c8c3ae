// Reads the errors of failed probes from the kernel log.

import type { Shell } from '../../harness/guest/shell.js';

/**
 * `probe with driver virtio-pci-obsd failed with error -12` since 6.8, `probe of 0000:00:05.0 failed …`
 * before.
 */
const probeError = /probe .*failed with error (-?\d+)$/;

/**
 * The errors of all probes that have failed so far, as numbers. Without ENODEV and ENXIO, with which a driver
 * refuses a device: the kernel does not log them (drivers/base/dd.c).
 */
export const probeErrors = async (shell: Pick<Shell, 'output'>): Promise<string[]> => {
  const log = await shell.output(['log-lines', 'failed with error']);
  return log.split('\n').flatMap((line) => probeError.exec(line.trim())?.[1] ?? []);
};
