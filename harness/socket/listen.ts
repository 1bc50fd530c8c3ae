// Listens on Unix sockets.

import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { HarnessError } from '../base/errors.js';
import { acceptFrom, bindTo, closeFd, connectTo, listenOn, streamSocket, watch } from '../host/libc.js';
import { Channel } from './channel.js';
import { makeSocketDirectory } from './directory.js';
import { checkSocketPath } from './path.js';
import { withPathLock } from './path-lock.js';

export interface Listener {
  readonly path: string;
  /** Stops listening and removes the socket file, unless it was replaced. Accepted channels stay open. */
  close(): void;
}

const backlog = 511;
/**
 * The pause before the next accept when the process has no free descriptors, in ms: a level-triggered watch
 * would spin.
 */
const restMs = 50;

const isSocketFile = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;

/** True if nobody listens on the socket file: its owner died without removing it. */
const isDead = (path: string): boolean => {
  const fd = streamSocket(path);
  try {
    return connectTo(fd, path) === 'ECONNREFUSED';
  } finally {
    closeFd(fd);
  }
};

/**
 * Removes the socket file of a dead process. Call it with the lock of the path. Throws SOCKET_PATH or
 * SOCKET_IN_USE if something else is there.
 */
export const removeDead = (path: string): void => {
  if (!isSocketFile(path))
    throw new HarnessError('SOCKET_PATH', { path, reason: 'exists and is not a socket' });
  if (!isDead(path)) throw new HarnessError('SOCKET_IN_USE', { path });
  unlinkSync(path);
};

const bind = (fd: number, path: string): void => {
  const result = bindTo(fd, path);
  if (typeof result === 'number') return;
  if (result !== 'EADDRINUSE') throw new HarnessError('SOCKET_IO', { call: 'bind', path, errno: result });
  removeDead(path);
  const again = bindTo(fd, path);
  if (typeof again === 'string') throw new HarnessError('SOCKET_IN_USE', { path });
};

/**
 * Listens on a Unix socket with mode 0600. Creates a missing directory as `makeSocketDirectory` does, and
 * replaces the socket file of a dead process. Rejects with SOCKET_PATH, SOCKET_IN_USE, SOCKET_HELD or
 * SOCKET_IO, and then nothing listens.
 */
export const listen = async (path: string, onChannel: (channel: Channel) => void): Promise<Listener> => {
  checkSocketPath(path);
  makeSocketDirectory(path);
  const fd = streamSocket(path);
  try {
    await withPathLock(path, () => {
      bind(fd, path);
      chmodSync(path, 0o600); // nobody can connect before listen(2)
      listenOn(fd, path, backlog);
    });
  } catch (error) {
    closeFd(fd);
    throw error;
  }
  const { ino } = lstatSync(path);

  let rest: NodeJS.Timeout | undefined;
  const accept = (): void => {
    for (;;) {
      const accepted = acceptFrom(fd);
      if (typeof accepted === 'number') onChannel(new Channel(accepted, path));
      else if (accepted === 'EAGAIN') return;
      else if (accepted !== 'ECONNABORTED') {
        watcher.stop();
        rest = setTimeout(() => watcher.start({ readable: true }), restMs);
        return;
      }
    }
  };
  const watcher = watch(fd, accept);
  watcher.start({ readable: true });

  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    clearTimeout(rest);
    watcher.close();
    closeFd(fd);
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) unlinkSync(path);
  };
  return { path, close };
};
