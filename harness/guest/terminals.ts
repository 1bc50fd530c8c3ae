// Terminals for people, and commands with pipes, over one byte stream: ttyS2, whose other end is images/guest/terminal.c, or the socket
// of a shell.

import type { Duplex } from 'node:stream';
import { HarnessError } from '../base/errors.js';
import {
  encodeFrame,
  type Frame,
  FrameReader,
  fieldsContent,
  fromProgram,
  maxContent,
  maxSessions,
  toProgram,
} from './terminal-frames.js';

export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

export interface SessionOptions {
  /** A terminal of that size; pipes when absent. */
  readonly window?: WindowSize | undefined;
  /** The terminal's kind, for the variable TERM. */
  readonly term?: string | undefined;
  /** Where it starts, if there is such a directory. */
  readonly directory: string;
  /** For the guest's sh; an interactive shell when empty. */
  readonly command: string;
  readonly onOutput: (bytes: Buffer, from: 'output' | 'error') => void;
}

export interface TerminalSession {
  /** The exit status as a shell has it. Rejects with TERMINAL when the guest or its program goes away first. */
  readonly end: Promise<number>;
  /** Resolves when the program in the guest has taken all of it. */
  write(bytes: Buffer): Promise<void>;
  /** The end of the input, for a command with pipes. */
  endInput(): Promise<void>;
  resize(window: WindowSize): void;
  /** Sends a signal, by number, to all processes of the session. */
  signal(number: number): void;
  hangUp(): void;
}

interface Open {
  readonly options: SessionOptions;
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
  /** Called when the last input was taken, or when there is nobody left to take it. */
  taken: (() => void) | undefined;
}

export interface TerminalsOptions {
  readonly stream: Duplex;
  /** Resolves when nobody answers any more, with the reason. */
  readonly gone: Promise<string>;
}

/** All sessions over one stream. */
export class Terminals {
  readonly #stream: Duplex;
  readonly #reader = new FrameReader();
  readonly #open = new Map<number, Open>();
  #end: HarnessError | undefined;

  constructor({ stream, gone }: TerminalsOptions) {
    this.#stream = stream;
    stream.on('data', (bytes: Buffer) => this.#feed(bytes));
    void gone.then((reason) => {
      this.#end = new HarnessError('TERMINAL', { reason });
      this.#abandon(this.#end);
    });
  }

  /** The guest was reset: its sessions are gone, and what comes before it greets again is a rest of them. */
  reset(): void {
    this.#reader.lose();
    this.#abandon(new HarnessError('TERMINAL', { reason: 'the guest was reset' }));
  }

  /** Starts a shell or a command in the guest. TERMINAL when it has no room for one more, or is gone. */
  open(options: SessionOptions): TerminalSession {
    if (this.#end !== undefined) throw this.#end;
    const { window, term = '', directory, command } = options;
    const session = Array.from({ length: maxSessions }, (_, id) => id).find((id) => !this.#open.has(id));
    if (session === undefined)
      throw new HarnessError('TERMINAL', { reason: `${maxSessions} are open already` });
    const { rows = 0, columns = 0 } = window ?? {};
    const content = fieldsContent([
      window === undefined ? 'p' : 't',
      String(rows),
      String(columns),
      term,
      directory,
      command,
    ]);
    const end = new Promise<number>((resolve, reject) => {
      this.#open.set(session, { options, resolve, reject, taken: undefined });
    });
    this.#send({ kind: toProgram.open, session, content });
    let last: Promise<void> = Promise.resolve();
    const inTurn = (act: () => Promise<void> | void): Promise<void> => {
      last = last.then(act);
      return last;
    };
    const own = this.#open.get(session);
    const sendIfOpen = (frame: Omit<Frame, 'session'>): boolean => {
      if (this.#open.get(session) !== own) return false;
      this.#send({ ...frame, session });
      return true;
    };
    const passPart = (part: Buffer): Promise<void> =>
      new Promise((resolve) => {
        if (own === undefined || !sendIfOpen({ kind: toProgram.input, content: part })) return resolve();
        own.taken = resolve;
      });
    return {
      end,
      write: (bytes) =>
        inTurn(async () => {
          for (let at = 0; at < bytes.length; at += maxContent)
            await passPart(bytes.subarray(at, at + maxContent));
        }),
      endInput: () => inTurn(() => void sendIfOpen({ kind: toProgram.input, content: Buffer.alloc(0) })),
      resize: ({ rows, columns }) =>
        void sendIfOpen({ kind: toProgram.window, content: fieldsContent([String(rows), String(columns)]) }),
      signal: (number) =>
        void sendIfOpen({ kind: toProgram.signal, content: fieldsContent([String(number)]) }),
      hangUp: () => void sendIfOpen({ kind: toProgram.close, content: Buffer.alloc(0) }),
    };
  }

  #send(frame: Frame): void {
    this.#stream.write(encodeFrame(frame));
  }

  #feed(bytes: Buffer): void {
    try {
      for (const frame of this.#reader.feed(bytes)) this.#frame(frame);
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      this.#reader.lose();
      this.#abandon(error);
    }
  }

  #frame({ kind, session, content }: Frame): void {
    const open = this.#open.get(session);
    if (kind === fromProgram.greeting)
      this.#abandon(new HarnessError('TERMINAL', { reason: 'its program was started again' }));
    // Of a session that is over here: nobody wants it.
    if (open === undefined) return;
    if (kind === fromProgram.output) open.options.onOutput(content, 'output');
    else if (kind === fromProgram.error) open.options.onOutput(content, 'error');
    else if (kind === fromProgram.taken) open.taken?.();
    else if (kind === fromProgram.end) this.#finish(session, open, content.toString('utf8'));
  }

  #finish(session: number, open: Open, text: string): void {
    this.#open.delete(session);
    open.taken?.();
    if (/^\d{1,3}$/.test(text)) open.resolve(Number(text));
    else open.reject(new HarnessError('TERMINAL', { reason: text.replace(/^!/, '') }));
  }

  #abandon(error: HarnessError): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { reject, taken } of open) {
      reject(error);
      taken?.();
    }
  }
}
