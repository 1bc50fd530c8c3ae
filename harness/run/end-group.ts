// Ending a process with all that it has started.

/** Ends the process group of that leader at once; nothing if there is none any more. */
export const endGroup = (leader: number | undefined): void => {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};
