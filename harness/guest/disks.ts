// Uses the disks of the machine in the guest.

import type { Commands, Programs } from './shell.js';

/** A file in the payload: one line for each kernel module that the driver's modules need. */
export const driverNeeds = 'etc/driver-needs';

/**
 * Unpacks the payload disk to `/` and loads the kernel modules that the driver needs. Rejects with
 * GUEST_COMMAND.
 */
export const unpackPayload = async (shell: Programs): Promise<void> => {
  await shell.output(['payload']);
  const needs = (await shell.output(['read-files', `/${driverNeeds}`])).split('\n').filter(Boolean);
  if (needs.length > 0) await shell.output(['load', ...needs]);
};

/** Mounts the data disk on /mnt. Rejects with GUEST_COMMAND. */
export const mountData = async (shell: Commands): Promise<void> => {
  await shell.text('mount-data');
};
