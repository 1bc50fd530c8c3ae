// Terminals for people, and commands with pipes, over one byte stream: ttyS2 (the other end is
// images/guest/terminal.c) or the socket of `vmmci shell`.

import type { Duplex } from 'node:stream';
import { HarnessError } from '../base/errors.js';
import { type OutputDisk, OutputSlots } from './output-slots.js';
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
  /** Called with at most `maxContent` bytes. */
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
   * Holds back the output until the returned function, and those of all other holds, were called. Output that
   * is already on its way still arrives.
   */
  hold(): () => void;
  /** Sends a signal, by number, to all processes of the session. */
  signal(number: number): void;
  hangUp(): void;
}

/** A session that has not ended. */
class Open {
  readonly options: SessionOptions;
  readonly end: Promise<number>;
  resolve: (status: number) => void = () => {};
  reject: (error: Error) => void = () => {};
  /** Called when the last input was received, or can never be received. */
  taken: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    this.end = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** The content of a frame that opens a session. `device` is that of the disk for large outputs. */
const openContent = (
  { window, term = '', directory, command }: SessionOptions,
  device: string | undefined,
): Buffer => {
  const { rows = 0, columns = 0 } = window ?? {};
  return fieldsContent([
    window === undefined ? 'p' : 't',
    String(rows),
    String(columns),
    term,
    directory,
    command,
    ...(device === undefined ? [] : [device]),
  ]);
};

const empty = Buffer.alloc(0);

/** The holds of a session. Calls `change` with true at the first one, and with false when none is left. */
const createHolds = (change: (isHeld: boolean) => void): TerminalSession['hold'] => {
  let holds = 0;
  return () => {
    holds += 1;
    if (holds === 1) change(true);
    let release = (): void => {
      release = () => {};
      holds -= 1;
      if (holds === 0) change(false);
    };
    return () => release();
  };
};

/** `send` sends a frame, unless the session has ended; then it returns false. */
const sessionOf = (open: Open, send: (frame: Omit<Frame, 'session'>) => boolean): TerminalSession => {
  let last: Promise<void> = Promise.resolve();
  const inTurn = (act: () => Promise<void> | void): Promise<void> => {
    last = last.then(act);
    return last;
  };
  const passPart = (part: Buffer): Promise<void> =>
    new Promise((resolve) => {
      if (!send({ kind: toProgram.input, content: part })) return resolve();
      open.taken = resolve;
    });
  return {
    end: open.end,
    write: (bytes) =>
      inTurn(async () => {
        for (let at = 0; at < bytes.length; at += maxContent)
          await passPart(bytes.subarray(at, at + maxContent));
      }),
    endInput: () => inTurn(() => void send({ kind: toProgram.input, content: empty })),
    resize: ({ rows, columns }) =>
      void send({ kind: toProgram.window, content: fieldsContent([String(rows), String(columns)]) }),
    hold: createHolds(
      (isHeld) => void send({ kind: isHeld ? toProgram.hold : toProgram.release, content: empty }),
    ),
    signal: (number) => void send({ kind: toProgram.signal, content: fieldsContent([String(number)]) }),
    hangUp: () => void send({ kind: toProgram.close, content: empty }),
  };
};

export interface TerminalsOptions {
  readonly stream: Duplex;
  /** Resolves with the reason when the other end is gone. */
  readonly gone: Promise<string>;
  /** The disk that large outputs go through; without one, all output goes over the stream. */
  readonly disk?: OutputDisk | undefined;
}

/** The sessions over one stream. */
export class Terminals {
  readonly #stream: Duplex;
  readonly #reader = new FrameReader();
  readonly #open = new Map<number, Open>();
  readonly #slots: OutputSlots | undefined;
  #end: HarnessError | undefined;

  constructor({ stream, gone, disk }: TerminalsOptions) {
    this.#stream = stream;
    this.#slots = disk === undefined ? undefined : new OutputSlots(disk);
    stream.on('data', (bytes: Buffer) => this.#feed(bytes));
    void gone.then((reason) => {
      this.#end = new HarnessError('TERMINAL', { reason });
      this.#abandon(this.#end);
      this.#slots?.close();
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
    const session = Array.from({ length: maxSessions }, (_, id) => id).find((id) => !this.#open.has(id));
    if (session === undefined)
      throw new HarnessError('TERMINAL', { reason: `${maxSessions} sessions are already open` });
    const open = new Open(options);
    this.#open.set(session, open);
    this.#send({ kind: toProgram.open, session, content: openContent(options, this.#slots?.device) });
    return sessionOf(open, (frame) => {
      // The number may belong to a later session.
      if (this.#open.get(session) !== open) return false;
      this.#send({ ...frame, session });
      return true;
    });
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
    // The slot is freed even if the session has ended on this side.
    if (kind === fromProgram.large) this.#takeLarge(session, content);
    // A frame of a session that has ended on this side.
    if (open === undefined) return;
    if (kind === fromProgram.output) open.options.onOutput(content, 'output');
    else if (kind === fromProgram.error) open.options.onOutput(content, 'error');
    else if (kind === fromProgram.taken) open.taken?.();
    else if (kind === fromProgram.end) this.#finish(session, open, content.toString('utf8'));
  }

  #takeLarge(session: number, content: Buffer): void {
    if (this.#slots === undefined)
      throw new HarnessError('TERMINAL', { reason: 'output on a disk that was not offered' });
    const { kind, slot, bytes } = this.#slots.read(content);
    this.#send({ kind: toProgram.free, session, content: fieldsContent([String(slot)]) });
    for (let at = 0; at < bytes.length; at += maxContent)
      this.#frame({ kind, session, content: bytes.subarray(at, at + maxContent) });
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
