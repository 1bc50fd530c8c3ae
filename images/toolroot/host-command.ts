// Who runs this, and the commands that a person is told to run.

import { userInfo } from 'node:os';

export const isRoot = (): boolean => process.getuid?.() === 0;

/** `sudo`, where that is how one becomes root. */
export const asRoot = (command: string): string => (isRoot() ? command : `sudo ${command}`);

/** The name of the user; the id where that has no entry in passwd, as in some containers. */
export const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
};
