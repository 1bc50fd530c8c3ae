// The guest's side of its disks.

import type { Commands } from './shell.js';

/** Unpacks the payload disk at `/`. GUEST_COMMAND. */
export const unpackPayload = async (shell: Commands): Promise<void> => {
  await shell.text('payload');
};

/** Mounts the data disk on /mnt. GUEST_COMMAND. */
export const mountData = async (shell: Commands): Promise<void> => {
  await shell.text('mount-data');
};
