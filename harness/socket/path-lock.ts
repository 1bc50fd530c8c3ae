// Lets one process at a time listen at a path. Otherwise, of two processes that find the socket file of a
// dead process, one could remove the file that the other has just made.

import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { bindTo, closeFd, streamSocket } from '../host/libc.js';

/** The lock is held for a few milliseconds. The bound is for a holder that was stopped (SIGSTOP). */
const maxWaitMs = 2000;

/**
 * An abstract address (unix(7)), which the kernel frees when its process dies. It is known only in one
 * network namespace.
 */
const addressOf = (path: string): string => {
  const absolute = join(realpathSync(dirname(path)), basename(path));
  return `\0vmmci-listen-${createHash('sha256').update(absolute).digest('hex').slice(0, 32)}`;
};

/**
 * Runs `fn` while this process alone holds the lock of `path`, whose directory must exist. Rejects with
 * SOCKET_IN_USE if another process does not release it.
 */
export const withPathLock = async <T>(path: string, fn: () => T | Promise<T>): Promise<T> => {
  const address = addressOf(path);
  const fd = streamSocket(path);
  const end = performance.now() + maxWaitMs;
  try {
    for (let result = bindTo(fd, address); typeof result !== 'number'; result = bindTo(fd, address)) {
      if (result !== 'EADDRINUSE') throw new HarnessError('SOCKET_IO', { call: 'bind', path, errno: result });
      if (performance.now() > end) throw new HarnessError('SOCKET_IN_USE', { path });
      await new Promise(setImmediate);
    }
    return await fn();
  } finally {
    closeFd(fd);
  }
};
