// The guest's side of its disks.

import type { Commands, Programs } from './shell.js';

/** In the payload: the modules of the kernel that the driver's modules need, a line each. */
export const driverNeeds = 'etc/driver-needs';

/** Unpacks the payload disk at `/`, and loads what the driver needs of the kernel. GUEST_COMMAND. */
export const unpackPayload = async (shell: Programs): Promise<void> => {
  await shell.output(['payload']);
  const needs = (await shell.output(['read-files', `/${driverNeeds}`])).split('\n').filter(Boolean);
  if (needs.length > 0) await shell.output(['load', ...needs]);
};

/** Mounts the data disk on /mnt. GUEST_COMMAND. */
export const mountData = async (shell: Commands): Promise<void> => {
  await shell.text('mount-data');
};
