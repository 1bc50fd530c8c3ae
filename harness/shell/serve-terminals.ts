// A Unix socket through which other processes open terminals in the guest. Its protocol is that of
// harness/guest/terminal-frames.ts.

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { HarnessError } from '../base/errors.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { boundedOutput } from '../guest/bounded-output.js';
import {
  contentFields,
  encodeFrame,
  type Frame,
  FrameReader,
  fromProgram,
  toProgram,
} from '../guest/terminal-frames.js';
import type { SessionOptions, TerminalSession, Terminals, WindowSize } from '../guest/terminals.js';
import { checkSocketPath, socketPathForNode } from '../socket/path.js';

/** Maximum of rows and columns: they are 16-bit numbers in `struct winsize` (ioctl_tty(2)). */
const maxSide = 65_535;

const windowOf = ([rows = '', columns = '']: readonly string[]): WindowSize => {
  const [height, width] = [rows, columns].map(Number);
  const isSide = (side: number | undefined): side is number =>
    side !== undefined && Number.isInteger(side) && side >= 0 && side <= maxSide;
  if (!isSide(height) || !isSide(width))
    throw new HarnessError('TERMINAL', { reason: `invalid window size: ${rows} rows, ${columns} columns` });
  return { rows: height, columns: width };
};

/** The options in an `open` frame. */
const optionsOf = (content: Buffer): Omit<SessionOptions, 'onOutput'> => {
  const [kind, rows = '', columns = '', term, directory = '/', command = ''] = contentFields(content);
  const window = kind === 't' ? windowOf([rows, columns]) : undefined;
  return { window, term, directory, command };
};

/**
 * Serves one connection. Calls `onLeft` at its end if it had a session; other connections only test whether
 * the socket answers.
 */
const serveConnection = (socket: Socket, terminals: Terminals, onLeft: () => void): void => {
  const reader = new FrameReader();
  const sessions = new Map<number, TerminalSession>();
  /** The function that ends the hold of each session that the other end holds back. */
  const holds = new Map<number, () => void>();
  let hadSession = false;
  const send = (frame: Frame): void => void (socket.writable && socket.write(encodeFrame(frame)));

  const open = (session: number, content: Buffer): void => {
    const write = boundedOutput(socket, () => opened);
    const opened = terminals.open({
      ...optionsOf(content),
      onOutput: (bytes, from) => {
        if (socket.writable) write(encodeFrame({ kind: fromProgram[from], session, content: bytes }));
      },
    });
    sessions.set(session, opened);
    hadSession = true;
    const end = (text: string): void => {
      sessions.delete(session);
      holds.delete(session);
      send({ kind: fromProgram.end, session, content: Buffer.from(text) });
    };
    opened.end.then((status) => end(String(status))).catch((error: unknown) => end(failure(error)));
  };

  const take = ({ kind, session, content }: Frame): void => {
    const opened = sessions.get(session);
    if (kind === toProgram.open && opened === undefined) open(session, content);
    else if (kind === toProgram.close) opened?.hangUp();
    else if (kind === toProgram.window) opened?.resize(windowOf(contentFields(content)));
    else if (kind === toProgram.hold && opened !== undefined && !holds.has(session))
      holds.set(session, opened.hold());
    else if (kind === toProgram.release) {
      holds.get(session)?.();
      holds.delete(session);
    } else if (kind === toProgram.signal) opened?.signal(Number(contentFields(content)[0]));
    else if (kind === toProgram.input && content.length === 0) void opened?.endInput();
    else if (kind === toProgram.input)
      void opened
        ?.write(content)
        .then(() => send({ kind: fromProgram.taken, session, content: Buffer.alloc(0) }));
  };

  socket.on('data', (bytes: Buffer) => {
    let session = 0;
    try {
      for (const frame of reader.feed(bytes)) {
        session = frame.session;
        take(frame);
      }
    } catch (error) {
      send({ kind: fromProgram.end, session, content: Buffer.from(failure(error)) });
      socket.end();
    }
  });
  socket.on('error', () => socket.destroy());
  // The programs of the terminal get a hangup, as those of any closed terminal.
  socket.once('close', () => {
    for (const session of sessions.values()) session.hangUp();
    if (hadSession) onLeft();
  });
};

const failure = (error: unknown): string =>
  `!${error instanceof HarnessError && error.code === 'TERMINAL' ? error.fields.reason : messageOf(error)}`;

export interface TerminalServer {
  /** Resolves when the last connection with a session has ended. */
  readonly left: Promise<void>;
  close(): Promise<void>;
}

/** Listens at `path`, mode 0600, until `close`. Rejects with SOCKET_PATH or SOCKET_IO. */
export const serveTerminals = async (path: string, terminals: Terminals): Promise<TerminalServer> => {
  checkSocketPath(path);
  const sockets = new Set<Socket>();
  let leave = (): void => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveConnection(socket, terminals, () => {
      if (sockets.size === 0) leave();
    });
  });
  const mask = process.umask(0o177);
  server.listen(socketPathForNode(path));
  process.umask(mask);
  await once(server, 'listening').catch((error: unknown) => {
    throw new HarnessError(
      'SOCKET_IO',
      { call: 'listen', path, errno: systemCode(error) ?? messageOf(error) },
      error,
    );
  });
  return {
    left,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.end();
      await closed;
    },
  };
};
