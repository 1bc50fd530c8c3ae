// Modules that the guest loads automatically (images/guest/uevents.c).

import type { Commands } from './shell.js';

/** Stops the guest from loading modules by device alias. */
export const stopAutoload = async (shell: Commands): Promise<void> => {
  await shell.text('killall uevents');
};
