// The frames between the two ends of a terminal. images/guest/terminal.c describes them; the socket of `vmmci
// shell` uses them too. Pure.

import { HarnessError } from '../base/errors.js';

/** The kinds of frames to the program, as in images/guest/terminal.c. */
export const toProgram = {
  open: 'o',
  input: 'i',
  window: 'w',
  hold: 'h',
  release: 'r',
  signal: 'k',
  close: 'c',
  free: 'f',
} as const;

/** The kinds of frames from the program. */
export const fromProgram = {
  greeting: 'g',
  output: 'O',
  error: 'E',
  large: 'L',
  taken: 'A',
  end: 'X',
} as const;

type Kind = (typeof toProgram)[keyof typeof toProgram] | (typeof fromProgram)[keyof typeof fromProgram];

export interface Frame {
  readonly kind: Kind;
  /** 0 to 15. */
  readonly session: number;
  readonly content: Buffer;
}

/** The maximum number of parallel sessions. */
export const maxSessions = 16;

/** The maximum length of the content of a frame in bytes. */
export const maxContent = 4096;

/** The maximum length of a command in bytes, which leaves room for the other fields of an `open` frame. */
export const maxCommand = 3840;

const headLength = 4;

/** The frame that the guest's program sends when it starts. No other frame contains it. */
const greeting = 'g\0\0\x10vmmci-terminal 1';

const kinds = new Set<string>([...Object.values(toProgram), ...Object.values(fromProgram)]);

const isKind = (text: string): text is Kind => kinds.has(text);

export const encodeFrame = ({ kind, session, content }: Frame): Buffer => {
  const head = Buffer.alloc(headLength);
  head.write(kind, 0, 'latin1');
  head.writeUInt8(session, 1);
  head.writeUInt16BE(content.length, 2);
  return Buffer.concat([head, content]);
};

/** Encodes several texts as one content, each with a NUL after it. Throws TERMINAL if it is too long. */
export const fieldsContent = (fields: readonly string[]): Buffer => {
  const content = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  if (content.length > maxContent || fields.some((field) => field.includes('\0'))) {
    throw new HarnessError('TERMINAL', { reason: `the command is longer than ${maxContent} bytes` });
  }
  return content;
};

/** Decodes the texts of such a content. */
export const contentFields = (content: Buffer): string[] => content.toString('utf8').split('\0').slice(0, -1);

/** Splits a byte stream into frames. `feed` yields complete frames and throws TERMINAL for an invalid one. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #isLost = false;

  /** Drops received bytes, and all bytes before the next greeting. */
  lose(): void {
    this.#isLost = true;
  }

  *feed(bytes: Buffer): Generator<Frame> {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (this.#isLost && !this.#find()) return;
    while (this.#bytes.length >= headLength) {
      const kind = this.#bytes.toString('latin1', 0, 1);
      const session = this.#bytes.readUInt8(1);
      const end = headLength + this.#bytes.readUInt16BE(2);
      if (!isKind(kind) || session >= maxSessions || end - headLength > maxContent) {
        const reason = `invalid beginning of a frame: ${this.#bytes.toString('hex', 0, headLength)}`;
        throw new HarnessError('TERMINAL', { reason });
      }
      if (this.#bytes.length < end) return;
      const content = this.#bytes.subarray(headLength, end);
      this.#bytes = this.#bytes.subarray(end);
      yield { kind, session, content };
    }
  }

  /** Drops the bytes before the greeting. Returns false if there is none yet. */
  #find(): boolean {
    const at = this.#bytes.indexOf(greeting, 0, 'latin1');
    this.#isLost = at === -1;
    this.#bytes = this.#bytes.subarray(at === -1 ? Math.max(0, this.#bytes.length - greeting.length) : at);
    return at !== -1;
  }
}
