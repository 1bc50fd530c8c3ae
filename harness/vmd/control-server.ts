// The control socket: newline-delimited JSON over a Unix socket that only its owner can connect to.

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { HarnessError } from '../base/errors.js';
import { systemCode } from '../base/thrown.js';
import { makeSocketDirectory } from '../socket/directory.js';
import { removeDead } from '../socket/listen.js';
import { checkSocketPath, socketPathForNode } from '../socket/path.js';
import { withPathLock } from '../socket/path-lock.js';
import { encode, errorReply, handleLine, type MethodTable } from './control.js';
import { lines } from './lines.js';

export interface ControlServer {
  readonly path: string;
  /** Sends an event to every client: a line `{"event":…}` without an id. */
  announce(event: Readonly<Record<string, unknown>>): void;
  /** Closes all connections and removes the socket file. */
  close(): Promise<void>;
}

/** The limit for the length of a request. */
export const maxRequestBytes = 64 * 1024;

/** The limit for the number of connections; a further one is closed. */
export const maxConnections = 64;

/** A client that leaves more bytes unread than this gets no more events. */
const maxBacklogBytes = 256 * 1024;

/** Resolves when the kernel has all written data, or the connection is closed. */
const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle);
      socket.off('close', settle);
      resolve();
    };
    socket.on('drain', settle);
    socket.on('close', settle);
  });

/**
 * Answers the requests of a connection in order. Reads the next one when the kernel has the reply to the
 * last.
 */
const converse = async (socket: Socket, methods: MethodTable): Promise<void> => {
  try {
    // A client may close its sending side and still read the replies, so the end of its side must not end
    // ours.
    for await (const line of lines(socket.iterator({ destroyOnReturn: false }), maxRequestBytes)) {
      if (line.trim() !== '' && !socket.write(await handleLine(line, methods))) await drained(socket);
    }
  } catch (error) {
    // Any other error means that the connection is broken, so nobody would get a reply.
    if (error instanceof HarnessError) socket.write(encode(errorReply(error)));
  } finally {
    socket.destroySoon();
  }
};

/** Binds with a umask that excludes other users from the start. */
const bind = (server: Server, path: string): Promise<Error | undefined> =>
  new Promise((resolve) => {
    const settle = (error?: Error): void => {
      server.removeAllListeners('error');
      server.removeAllListeners('listening');
      resolve(error);
    };
    server.once('error', settle);
    server.once('listening', () => settle());
    const mask = process.umask(0o177);
    try {
      server.listen(socketPathForNode(path));
    } finally {
      process.umask(mask);
    }
  });

const open = async (server: Server, path: string): Promise<void> => {
  let error = await bind(server, path);
  if (systemCode(error) === 'EADDRINUSE') {
    removeDead(path);
    error = await bind(server, path);
    if (systemCode(error) === 'EADDRINUSE') throw new HarnessError('SOCKET_IN_USE', { path });
  }
  if (error !== undefined)
    throw new HarnessError('SOCKET_IO', { call: 'listen', path, errno: systemCode(error) ?? error.message });
};

/**
 * Listens at `path` with mode 0600. Creates a missing directory with mode 0700 and replaces the socket file
 * of a dead process. Rejects with SOCKET_PATH, SOCKET_IN_USE or SOCKET_IO, and then nothing listens.
 */
export const serveControl = async (path: string, methods: MethodTable): Promise<ControlServer> => {
  checkSocketPath(path);
  makeSocketDirectory(path);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    void converse(socket, methods);
  });
  server.maxConnections = maxConnections;
  await withPathLock(path, () => open(server, path));
  return {
    path,
    announce: (event) => {
      const line = encode({ event });
      for (const socket of sockets) if (socket.writableLength < maxBacklogBytes) socket.write(line);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
