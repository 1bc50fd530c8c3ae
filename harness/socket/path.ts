// Checks a socket path before the kernel gets it.

import { HarnessError } from '../base/errors.js';
import { maxPathBytes } from '../host/libc.js';

/** Throws SOCKET_PATH if `path` cannot name a Unix socket. */
export const checkSocketPath = (path: string): void => {
  const bytes = Buffer.byteLength(path);
  const reason =
    bytes === 0
      ? 'is empty'
      : path.includes('\0')
        ? 'contains a NUL byte'
        : bytes > maxPathBytes
          ? `is ${bytes} bytes long, the system allows ${maxPathBytes}; use a shorter directory`
          : undefined;
  if (reason) throw new HarnessError('SOCKET_PATH', { path, reason });
};

/** The path for `node:net`, which takes a number for a TCP port. */
export const socketPathForNode = (path: string): string => (Number.isNaN(Number(path)) ? path : `./${path}`);
