// Kills a process with all its descendants in the same process group.

import { systemCode } from '../base/thrown.js';

/** Sends SIGKILL to the process group of `leader`, if it still exists. */
export const killProcessGroup = (leader: number | undefined): void => {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
};
