// Explains QEMU's event BLOCK_IO_ERROR: the host failed an access to a disk, which is never the driver's
// fault. If the host has no space left, QEMU stops the guest without any other message (QEMU 11.1,
// qapi/block-core.json).

import { HarnessError } from '../base/errors.js';
import { fileSystemOf } from '../base/file-system.js';
import type { MachineDescription } from './argv.js';
import type { QmpEvent } from './qmp.js';

/** The error for one event: DISK_FULL if the host has no space left, otherwise QEMU_DISK. */
export const diskFailure = async (
  { disks = [] }: Pick<MachineDescription, 'disks'>,
  data: QmpEvent['data'],
): Promise<HarnessError> => {
  const disk = String(data['node-name'] ?? data.device);
  const path = disks.find(({ name }) => name === disk)?.path ?? '.';
  const { mount, freeMB } = await fileSystemOf(path);
  const reason = String(data.reason);
  if (data.nospace !== true)
    return new HarnessError('QEMU_DISK', {
      operation: String(data.operation),
      disk,
      reason,
      path,
      mount,
      freeMB,
    });
  return new HarnessError('DISK_FULL', {
    mount,
    freeMB,
    reason: `QEMU stopped the guest because its disk ${disk} (${path}) cannot grow`,
    variable: 'TMPDIR',
  });
};
