// Connects the user's terminal to a terminal in the guest: keys, output and window size. The escape key
// starts a command to the host.

import type { ReadStream, WriteStream } from 'node:tty';
import { boundedOutput } from '../guest/bounded-output.js';
import type { SessionOptions, TerminalSession } from '../guest/terminals.js';
import { rawMode } from './raw-mode.js';
import { type HostSide, UserInput } from './user-input.js';

export interface UserTerminalOptions {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly open: (options: SessionOptions) => TerminalSession;
  readonly directory: string;
  readonly host: HostSide;
  /** Leaves the guest, as the user can by a key. */
  readonly signal?: AbortSignal | undefined;
}

/** Printed before the terminal starts. */
export const escapeHint = 'Ctrl-] q leaves the guest, Ctrl-] ? lists the other keys';

/**
 * Gives the user an interactive shell in the guest until the shell ends or the user leaves it. Resolves with
 * its exit status, or `left`. Rejects with TERMINAL when the guest ends.
 */
export const runUserTerminal = async ({
  input,
  output,
  open,
  directory,
  host,
  signal,
}: UserTerminalOptions): Promise<number | 'left'> => {
  const sizeOf = ({ rows, columns }: WriteStream) => ({ rows, columns });
  const session: TerminalSession = open({
    window: sizeOf(output),
    term: process.env.TERM,
    directory,
    command: '',
    onOutput: boundedOutput(output, () => session),
  });
  let leave = (): void => {};
  const left = new Promise<'left'>((resolve) => {
    leave = () => resolve('left');
  });
  const mode = rawMode();
  const typed = new UserInput({
    send: (bytes) => void session.write(bytes),
    print: (text) => void output.write(text),
    leave,
    host,
    mode,
  });
  const onData = (bytes: Buffer): void => void typed.feed(bytes);
  const onResize = (): void => session.resize(sizeOf(output));
  input.on('data', onData);
  // After a hangup, for example.
  input.once('end', leave);
  output.on('resize', onResize);
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  try {
    return await Promise.race([left, session.end]);
  } finally {
    session.hangUp();
    input.off('data', onData);
    input.pause();
    output.off('resize', onResize);
    mode.end();
  }
};
