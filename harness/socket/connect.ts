// Connects to Unix sockets.

import { HarnessError } from '../base/errors.js';
import { closeFd, connectTo, streamSocket } from '../host/libc.js';
import { Channel } from './channel.js';
import { checkSocketPath } from './path.js';

/** Connects to a listening Unix socket. Rejects with SOCKET_PATH or SOCKET_IO (ENOENT, ECONNREFUSED, …). */
export const connect = async (path: string): Promise<Channel> => {
  checkSocketPath(path);
  const fd = streamSocket(path);
  const result = connectTo(fd, path); // connecting a Unix socket never blocks
  if (typeof result === 'number') return new Channel(fd, path);
  closeFd(fd);
  throw new HarnessError('SOCKET_IO', { call: 'connect', path, errno: result });
};
