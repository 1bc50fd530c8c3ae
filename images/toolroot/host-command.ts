// The current user, and commands for messages that tell a person what to run.

import { userInfo } from 'node:os';

export const isRoot = (): boolean => process.getuid?.() === 0;

/** The command, with `sudo` in front unless the current user is root. */
export const asRoot = (command: string): string => (isRoot() ? command : `sudo ${command}`);

/** The user's name, or the user id if it has no entry in passwd, as in some containers. */
export const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
};
