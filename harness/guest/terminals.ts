// Terminals for people, and commands with pipes, over one byte stream: ttyS2 (the other end is
// images/guest/terminal.c) or the socket of `vmmci shell`.

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
  /** The size of the terminal; `undefined` for pipes instead of a terminal. */
  readonly window?: WindowSize | undefined;
  /** The type of the terminal, for the variable TERM. */
  readonly term?: string | undefined;
  /** The working directory, if it exists. */
  readonly directory: string;
  /** The command for the guest's sh; empty for an interactive shell. */
  readonly command: string;
  readonly onOutput: (bytes: Buffer, from: 'output' | 'error') => void;
}

export interface TerminalSession {
  /** The exit status, as a shell reports it. Rejects with TERMINAL if the guest or its program ends first. */
  readonly end: Promise<number>;
  /** Resolves when the program in the guest has received all of it. */
  write(bytes: Buffer): Promise<void>;
  /** Closes the input of a command with pipes. */
  endInput(): Promise<void>;
  resize(window: WindowSize): void;
  /**
   * Holds back the output until the returned function, and those of all other holds, were called. Output that is
   * already on its way still arrives.
   */
  hold(): () => void;
  /** Sends a signal, by number, to all processes of the session. */
  signal(number: number): void;
  hangUp(): void;
}

interface Open {
  readonly options: SessionOptions;
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
  /** Called when the last input was received, or can never be received. */
  taken: (() => void) | undefined;
}

export interface TerminalsOptions {
  readonly stream: Duplex;
  /** Resolves with the reason when the other end is gone. */
  readonly gone: Promise<string>;
}

/** The sessions over one stream. */
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

  /**
   * Ends all sessions after a reset of the guest. Bytes before its next greeting belong to them and are
   * dropped.
   */
  reset(): void {
    this.#reader.lose();
    this.#abandon(new HarnessError('TERMINAL', { reason: 'the guest was reset' }));
  }

  /**
   * Starts a shell or a command in the guest. Throws TERMINAL if there are too many sessions or the guest is
   * gone.
   */
  open(options: SessionOptions): TerminalSession {
    if (this.#end !== undefined) throw this.#end;
    const { window, term = '', directory, command } = options;
    const session = Array.from({ length: maxSessions }, (_, id) => id).find((id) => !this.#open.has(id));
    if (session === undefined)
      throw new HarnessError('TERMINAL', { reason: `${maxSessions} sessions are already open` });
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
    const opened = this.#open.get(session);
    const sendIfOpen = (frame: Omit<Frame, 'session'>): boolean => {
      if (this.#open.get(session) !== opened) return false;
      this.#send({ ...frame, session });
      return true;
    };
    let holds = 0;
    const count = (change: 1 | -1): void => {
      const before = holds;
      holds += change;
      if (before === 0) sendIfOpen({ kind: toProgram.hold, content: Buffer.alloc(0) });
      if (holds === 0) sendIfOpen({ kind: toProgram.release, content: Buffer.alloc(0) });
    };
    const passPart = (part: Buffer): Promise<void> =>
      new Promise((resolve) => {
        if (opened === undefined || !sendIfOpen({ kind: toProgram.input, content: part })) return resolve();
        opened.taken = resolve;
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
      hold: () => {
        count(1);
        let release = (): void => {
          release = () => {};
          count(-1);
        };
        return () => release();
      },
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
      this.#abandon(new HarnessError('TERMINAL', { reason: 'its program has restarted' }));
    // A frame of a session that has ended on this side.
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
