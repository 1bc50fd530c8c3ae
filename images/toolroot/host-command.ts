// Commands that a person is told to run.

export const isRoot = (): boolean => process.getuid?.() === 0;

/** `sudo`, where that is how one becomes root. */
export const asRoot = (command: string): string => (isRoot() ? command : `sudo ${command}`);
