// The way to a running shell: which ones there are, and their terminals.

import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HarnessError } from '../base/errors.js';
import { isAbsent } from '../base/if-exists.js';
import { messageOf, systemCode } from '../base/thrown.js';
import { Terminals } from '../guest/terminals.js';
import { checkSocketPath, socketPathForNode } from '../socket/path.js';
import { pathsOf } from '../socket/private-directory.js';
import { controlSocket, terminalSocket } from './serve-shell.js';

const open = (path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    checkSocketPath(path);
    const socket = connect(socketPathForNode(path));
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });

const answers = (path: string): Promise<boolean> =>
  open(path).then(
    (socket) => {
      socket.destroy();
      return true;
    },
    () => false,
  );

/** Private directories in `parent`; none if it does not exist. */
const directoriesIn = (parent: string): string[] => {
  try {
    return readdirSync(parent).filter((name) => name.startsWith('vmmci-'));
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
};

/**
 * The control socket of the only shell of this user, in `parent` or, where the path of that is too long for
 * sockets, in one of the directories with short names. Rejects with SHELL_ATTACH if there is none, or more
 * than one.
 */
export const findShell = async (parent = tmpdir()): Promise<string> => {
  const found: string[] = [];
  for (const directory of new Set(directoriesIn(parent).flatMap((name) => pathsOf(join(parent, name))))) {
    const control = controlSocket(directory);
    if (await answers(terminalSocket(control))) found.push(control);
  }
  const [first, second] = found;
  if (first === undefined)
    throw new HarnessError('SHELL_ATTACH', {
      reason: `no shell of this user is running (in ${parent})`,
      next: 'start one with vmmci shell',
    });
  if (second !== undefined)
    throw new HarnessError('SHELL_ATTACH', {
      reason: `${found.length} shells are running`,
      next: `name one: ${found.map((control) => `vmmci shell --attach ${control}`).join(', ')}`,
    });
  return first;
};

export interface Connection {
  readonly terminals: Terminals;
  close(): void;
}

/** Connects to the shell with that control socket. Rejects with SHELL_ATTACH if it does not answer. */
export const connectShell = async (control: string): Promise<Connection> => {
  const path = terminalSocket(control);
  const socket = await open(path).catch((error: unknown) => {
    throw new HarnessError(
      'SHELL_ATTACH',
      {
        reason: `no shell answers on ${control} (${systemCode(error) ?? messageOf(error)})`,
        next: 'start one with vmmci shell',
      },
      error,
    );
  });
  const gone = new Promise<string>((resolve) => {
    // The error of a write says no more than the end of the connection does.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve('the shell was closed'));
  });
  return { terminals: new Terminals({ stream: socket, gone }), close: () => void socket.destroy() };
};
