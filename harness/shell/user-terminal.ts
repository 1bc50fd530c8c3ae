// Connects the user's terminal to a terminal in the guest: keys, output and window size. The escape key starts a command
// to the host.

import type { ReadStream, WriteStream } from 'node:tty';
import type { SessionOptions, TerminalSession } from '../guest/terminals.js';
import { EscapeReader, escapeKeys, type Typed } from './escape.js';
import { Prompt } from './prompt.js';
import { rawMode } from './raw-mode.js';

export interface HostSide {
  /** `vmctl stop`. */
  stop(): Promise<void>;
  /** A line of `vmmci ctl`. Prints its result, or its error. */
  command(line: string): Promise<void>;
}

export interface UserTerminalOptions {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly open: (options: SessionOptions) => TerminalSession;
  readonly directory: string;
  readonly host: HostSide;
  /** Leaves the guest, as the user can by a key. */
  readonly signal?: AbortSignal | undefined;
}

const prompt = 'vmmci> ';

const keyList = (): string =>
  Object.entries({ ...escapeKeys, 'Ctrl-]': 'send Ctrl-] to the guest' })
    .map(([key, what]) => `  Ctrl-] ${key.padEnd(6)}  ${what}\r\n`)
    .join('');

/** Printed before the terminal starts. */
export const escapeHint = 'Ctrl-] q leaves the guest, Ctrl-] ? lists the other keys';

/**
 * Gives the user an interactive shell in the guest until the shell ends or the user leaves it. Resolves with its exit
 * status, or `left`. Rejects with TERMINAL when the guest ends.
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
  const session = open({
    window: sizeOf(output),
    term: process.env.TERM,
    directory,
    command: '',
    onOutput: (bytes) => void output.write(bytes),
  });
  let leave = (): void => {};
  const left = new Promise<'left'>((resolve) => {
    leave = () => resolve('left');
  });
  const mode = rawMode();
  const escapes = new EscapeReader();
  let asking: Prompt | undefined;

  const ask = (line: string | null): Promise<void> =>
    line === null || line === '' ? Promise.resolve() : mode.printing(() => host.command(line));

  const keys = {
    q: leave,
    s: () => mode.printing(() => host.stop()),
    ':': () => {
      asking = new Prompt();
      output.write(`\r\n${prompt}`);
    },
    '?': () => void output.write(`\r\n${keyList()}`),
  } as const;

  const press = async ({ key }: Typed): Promise<void> => {
    if (key === undefined) return;
    if (typeof key === 'string') await keys[key]();
    else output.write(`\r\n${JSON.stringify(key.unknown)} is not a key of this terminal:\r\n${keyList()}`);
  };

  const take = async (bytes: Buffer): Promise<void> => {
    for (let rest = bytes; rest.length > 0; ) {
      if (asking === undefined) {
        const typed = escapes.feed(rest);
        if (typed.input.length > 0) void session.write(typed.input);
        await press(typed);
        rest = typed.rest;
      } else {
        const answer = asking.feed(rest);
        output.write(answer.echo);
        rest = answer.rest;
        if (answer.line === undefined) return;
        asking = undefined;
        await ask(answer.line);
      }
    }
  };

  // One after another: a command of the prompt ends before later keys are handled.
  let last: Promise<void> = Promise.resolve();
  const onData = (bytes: Buffer): void => {
    last = last.then(() => take(bytes));
  };
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
