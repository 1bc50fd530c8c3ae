// The control socket: newline-delimited JSON over a Unix socket that its owner alone can reach.

import { once } from 'node:events';
import { lstatSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { HarnessError } from '../base/errors.js';
import { makeSocketDirectory } from '../socket/directory.js';
import { checkSocketPath } from '../socket/path.js';
import { encode, errorReply, handleLine, type MethodTable } from './control.js';
import { lines } from './lines.js';

export interface ControlServer {
  readonly path: string;
  /** Tells every connected client of an event: a line `{"event":…}` without an id. */
  announce(event: Readonly<Record<string, unknown>>): void;
  /** Ends all connections, removes the socket file. */
  close(): Promise<void>;
}

/** Longest request, in bytes. */
export const LINE_LIMIT = 64 * 1024;

/** Connections at once; one more is closed. */
export const CONNECTION_LIMIT = 64;

/** Bytes that may wait for a client that does not read before it is no longer told of events. */
const BACKLOG_LIMIT = 256 * 1024;

/** Waits until what was written is with the kernel, or the connection is gone. */
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
 * Answers a connection's requests in order. The next is read when the reply to the last is with the kernel.
 */
const converse = async (socket: Socket, methods: MethodTable): Promise<void> => {
  try {
    // A client that has said all it has to say still hears the replies: the end of its side must not end
    // ours.
    for await (const line of lines(socket.iterator({ destroyOnReturn: false }), LINE_LIMIT)) {
      if (line.trim() !== '' && !socket.write(await handleLine(line, methods))) await drained(socket);
    }
  } catch (error) {
    // Whatever else ends the reading is the connection that broke: there is nobody left to tell.
    if (error instanceof HarnessError) socket.write(encode(errorReply(error)));
  } finally {
    socket.destroySoon();
  }
};

/** Whether nobody answers behind a socket file: its owner died without removing it. */
const isDead = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });

/** Binds with a mask that lets nobody else in, from the first instant. */
const bind = (server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((resolve) => {
    const settle = (error?: NodeJS.ErrnoException): void => {
      server.removeAllListeners('error');
      server.removeAllListeners('listening');
      resolve(error);
    };
    server.once('error', settle);
    server.once('listening', () => settle());
    const mask = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(mask);
    }
  });

const open = async (server: Server, path: string): Promise<void> => {
  const isSocket = (): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
  let error = await bind(server, path);
  if (error?.code === 'EADDRINUSE') {
    if (!isSocket()) throw new HarnessError('SOCKET_PATH', { path, reason: 'exists and is not a socket' });
    if (!(await isDead(path))) throw new HarnessError('SOCKET_IN_USE', { path });
    unlinkSync(path);
    error = await bind(server, path);
  }
  if (error !== undefined)
    throw new HarnessError('SOCKET_IO', { call: 'listen', path, errno: error.code ?? error.message });
};

/**
 * Listens at `path`, mode 0600; a missing directory is made with mode 0700, a dead socket file is replaced.
 * Rejects with SOCKET_PATH, SOCKET_IN_USE or SOCKET_IO, and then nothing listens.
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
  server.maxConnections = CONNECTION_LIMIT;
  await open(server, path);
  return {
    path,
    announce: (event) => {
      const line = encode({ event });
      for (const socket of sockets) if (socket.writableLength < BACKLOG_LIMIT) socket.write(line);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
