// Waits for a fact that no event reports, such as the end of a process that is not our child.

const intervalMs = 10;

/** Resolves once `isTrue` returns true. It never gives up: the timeout of the test bounds the wait. */
export const eventually = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, intervalMs));
};
