// Reads a line that the user types to the host. The terminal is in raw mode, so echo and editing are done
// here. Pure.

const RETURN = 0x0d;
const NEWLINE = 0x0a;
const BACKSPACE = 0x08;
const DELETE = 0x7f;
const INTERRUPT = 0x03;
const ESCAPE = 0x1b;
const KILL_LINE = 0x15;

/** Erases the character before the cursor. */
const rubOut = '\b \b';

/** Maximum number of characters of a line; more are ignored. */
const maxLength = 1000;

export interface PromptResult {
  /** What the terminal must show. */
  readonly echo: string;
  /** The line, once it has ended; null if it was cancelled. */
  readonly line?: string | null;
  /** The input after the end of the line. */
  readonly rest: Buffer;
}

/**
 * One line of ASCII. Only paths can have other characters in a command of vmmci, and `vmmci ctl` accepts
 * these.
 */
export class Prompt {
  #text = '';

  feed(bytes: Buffer): PromptResult {
    let echo = '';
    for (const [at, byte] of bytes.entries()) {
      const rest = bytes.subarray(at + 1);
      if (byte === RETURN || byte === NEWLINE) return { echo: `${echo}\r\n`, line: this.#text.trim(), rest };
      if (byte === INTERRUPT || byte === ESCAPE) return { echo: `${echo}\r\n`, line: null, rest };
      if (byte === BACKSPACE || byte === DELETE) echo += this.#erase(1);
      else if (byte === KILL_LINE) echo += this.#erase(this.#text.length);
      else if (byte >= 0x20 && byte < 0x7f && this.#text.length < maxLength) {
        const character = String.fromCharCode(byte);
        this.#text += character;
        echo += character;
      }
    }
    return { echo, rest: Buffer.alloc(0) };
  }

  #erase(count: number): string {
    const number = Math.min(count, this.#text.length);
    this.#text = this.#text.slice(0, this.#text.length - number);
    return rubOut.repeat(number);
  }
}
