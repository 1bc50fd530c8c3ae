// Connects the user's terminal to a guest, with commands to the host's side.

import type { ReadStream } from 'node:tty';
import { HarnessError } from '../base/errors.js';
import type { Terminals } from '../guest/terminals.js';
import { runUserTerminal } from '../shell/user-terminal.js';
import { controlLine } from './control-line.js';
import type { CommandTable } from './define-command.js';
import { guestDirectory } from './shell-guest.js';

/** Returns the user's terminal. Throws INVALID_VALUE unless standard input and output are terminals. */
export const requireTerminal = (name: string): ReadStream => {
  if (process.stdin.isTTY && process.stdout.isTTY) return process.stdin;
  throw new HarnessError('INVALID_VALUE', {
    name,
    expected: 'a terminal as standard input and output',
    value: 'a pipe or file',
  });
};

export interface Where {
  /** What needs the terminal, for an error. */
  readonly name: string;
  readonly terminals: Pick<Terminals, 'open'>;
  readonly control: string;
  readonly all: CommandTable;
  readonly signal: AbortSignal;
}

/** Resolves with the exit status of the shell in the guest, or `left`. */
export const interact = ({ name, terminals, control, all, signal }: Where): Promise<number | 'left'> =>
  runUserTerminal({
    input: requireTerminal(name),
    output: process.stdout,
    open: (session) => terminals.open(session),
    directory: guestDirectory,
    host: {
      stop: () => controlLine('stop', control, all),
      command: (line) => controlLine(line, control, all),
    },
    signal,
  });
