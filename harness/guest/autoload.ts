// Modules that the guest loads by itself (images/guest/uevents.c).

import type { Commands } from './shell.js';

/** From now on no device loads a module by its alias. */
export const stopAutoload = async (shell: Commands): Promise<void> => {
  await shell.text('killall uevents');
};
