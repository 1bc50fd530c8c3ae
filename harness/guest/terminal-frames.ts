// The frames between a terminal's two ends. images/guest/terminal.c describes them; the socket of a shell has the same. Pure.

import { HarnessError } from '../base/errors.js';

/** Kinds of frames to the program, as images/guest/terminal.c has them. */
export const toProgram = { open: 'o', input: 'i', window: 'w', signal: 'k', close: 'c' } as const;

/** Kinds of frames from it. */
export const fromProgram = { greeting: 'g', output: 'O', error: 'E', taken: 'A', end: 'X' } as const;

type Kind = (typeof toProgram)[keyof typeof toProgram] | (typeof fromProgram)[keyof typeof fromProgram];

export interface Frame {
  readonly kind: Kind;
  /** 0 to 15. */
  readonly session: number;
  readonly content: Buffer;
}

/** Sessions at once. */
export const maxSessions = 16;

/** Bytes of one frame's content at most. */
export const maxContent = 4096;

/** Bytes of a command at most, which leaves room for the other fields of an `open` frame. */
export const maxCommand = 3840;

const headLength = 4;

/** What the guest's program says when it starts. It is found within anything, as no rest of a frame has it. */
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

/** Several texts as one content, a zero behind each. */
export const fieldsContent = (fields: readonly string[]): Buffer => {
  const content = Buffer.from(fields.map((field) => `${field}\0`).join(''));
  if (content.length > maxContent || fields.some((field) => field.includes('\0'))) {
    throw new HarnessError('TERMINAL', { reason: `the command is longer than ${maxContent} bytes` });
  }
  return content;
};

/** The texts of such a content. */
export const contentFields = (content: Buffer): string[] => content.toString('utf8').split('\0').slice(0, -1);

/** Takes bytes as they come, and gives each frame once it is whole. `feed` throws TERMINAL for what is none. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #isLost = false;

  /** Forgets what came, and everything that comes before the next greeting. */
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
        const reason = `no frame begins with ${this.#bytes.toString('hex', 0, headLength)}`;
        throw new HarnessError('TERMINAL', { reason });
      }
      if (this.#bytes.length < end) return;
      const content = this.#bytes.subarray(headLength, end);
      this.#bytes = this.#bytes.subarray(end);
      yield { kind, session, content };
    }
  }

  /** Drops what is before the greeting; false while there is none. */
  #find(): boolean {
    const at = this.#bytes.indexOf(greeting, 0, 'latin1');
    this.#isLost = at === -1;
    this.#bytes = this.#bytes.subarray(at === -1 ? Math.max(0, this.#bytes.length - greeting.length) : at);
    return at !== -1;
  }
}
