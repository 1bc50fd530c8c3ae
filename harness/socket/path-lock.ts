// Lets one process at a time listen at a path. Otherwise, of two processes that find the socket file of a
// dead process, one could remove the file that the other has just made.

import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { bindTo, closeFd, connectTo, listeningProcess, listenOn, streamSocket } from '../host/libc.js';
import { Channel } from './channel.js';

/** The lock is held for a few milliseconds. The bound is for a holder that was stopped (SIGSTOP). */
const maxWaitMs = 2000;

/** Processes that can wait on one holder; any more try again at once. */
const maxWaiters = 64;

/**
 * An abstract address (unix(7)), which the kernel frees when its process dies. It is known only in one
 * network namespace.
 */
const addressOf = (path: string): string => {
  const absolute = join(realpathSync(dirname(path)), basename(path));
  return `\0vmmci-listen-${createHash('sha256').update(absolute).digest('hex').slice(0, 32)}`;
};

/** Waits for the lock, on connections to the processes that hold it. */
class Waiter {
  readonly #path: string;
  readonly #address: string;
  readonly #end = performance.now() + maxWaitMs;
  #holder = 'another process';

  constructor(path: string, address: string) {
    this.#path = path;
    this.#address = address;
  }

  /** Resolves when the holder may have released the lock. Rejects with SOCKET_HELD after `maxWaitMs`. */
  async wait(): Promise<void> {
    const left = this.#end - performance.now();
    if (left <= 0)
      throw new HarnessError('SOCKET_HELD', { path: this.#path, holder: this.#holder, ms: maxWaitMs });
    const fd = streamSocket(this.#path);
    if (typeof connectTo(fd, this.#address) === 'string') {
      closeFd(fd);
      await new Promise(setImmediate); // the holder has just left, or is between bind(2) and listen(2)
      return;
    }
    const pid = listeningProcess(fd, this.#path);
    if (pid > 0) this.#holder = `process ${pid}`;
    const channel = new Channel(fd, this.#path);
    const timer = setTimeout(() => channel.close(), left);
    await channel.read(1); // the holder sends nothing: the connection ends when it releases the lock
    clearTimeout(timer);
    channel.close();
  }
}

/**
 * Runs `fn` while this process alone holds the lock of `path`, whose directory must exist. Rejects with
 * SOCKET_HELD if another process does not release it.
 */
export const withPathLock = async <T>(path: string, fn: () => T | Promise<T>): Promise<T> => {
  const address = addressOf(path);
  const fd = streamSocket(path);
  const waiter = new Waiter(path, address);
  try {
    for (let result = bindTo(fd, address); typeof result !== 'number'; result = bindTo(fd, address)) {
      if (result !== 'EADDRINUSE') throw new HarnessError('SOCKET_IO', { call: 'bind', path, errno: result });
      await waiter.wait();
    }
    listenOn(fd, path, maxWaiters);
    return await fn();
  } finally {
    closeFd(fd);
  }
};
