// The guest's end of terminals: takes frames, and sends what a test tells it to.

import { type Duplex, duplexPair } from 'node:stream';
import { encodeFrame, type Frame, FrameReader } from '../guest/terminal-frames.js';

/** What images/guest/terminal.c says when it starts. */
export const terminalGreeting = 'vmmci-terminal 1';

export class FakeTerminalProgram {
  /** The host's end. */
  readonly stream: Duplex;
  readonly #own: Duplex;
  readonly #waiting: Frame[] = [];
  #wake = (): void => {};

  constructor() {
    const [stream, own] = duplexPair();
    this.stream = stream;
    this.#own = own;
    const reader = new FrameReader();
    own.on('data', (bytes: Buffer) => {
      this.#waiting.push(...reader.feed(bytes));
      this.#wake();
    });
  }

  /** The next frame as text: its kind, its session, and its content with `|` for each zero. */
  async next(): Promise<string> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame !== undefined)
        return `${frame.kind}${frame.session} ${frame.content.toString('latin1').replaceAll('\0', '|')}`;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  send(kind: Frame['kind'], session: number, text = ''): void {
    this.sendBytes(encodeFrame({ kind, session, content: Buffer.from(text, 'latin1') }));
  }

  sendBytes(bytes: Buffer | string): void {
    this.#own.write(bytes);
  }
}
