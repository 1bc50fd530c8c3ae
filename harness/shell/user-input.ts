// Handles what the user types: input for the guest, and keys and commands for the host. Whatever arrives
// meanwhile waits until a command has ended.

import { EscapeReader, escapeKeys, type Typed } from './escape.js';
import { Prompt } from './prompt.js';
import type { RawMode } from './raw-mode.js';

export interface HostSide {
  /** `vmctl stop`. */
  stop(): Promise<void>;
  /** A line of `vmmci ctl`. Prints its result, or its error. */
  command(line: string): Promise<void>;
}

export interface UserInputOptions {
  /** Sends input to the guest. */
  readonly send: (bytes: Buffer) => void;
  /** Writes to the user's terminal. */
  readonly print: (text: string) => void;
  readonly leave: () => void;
  readonly host: HostSide;
  readonly mode: Pick<RawMode, 'printing'>;
}

const promptText = 'vmmci> ';

const keyList = (): string =>
  Object.entries({ ...escapeKeys, 'Ctrl-]': 'send Ctrl-] to the guest' })
    .map(([key, what]) => `  Ctrl-] ${key.padEnd(6)}  ${what}\r\n`)
    .join('');

export class UserInput {
  readonly #options: UserInputOptions;
  readonly #escapes = new EscapeReader();
  #prompt: Prompt | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: UserInputOptions) {
    this.#options = options;
  }

  /** Resolves when the bytes, and all before them, have been handled. */
  feed(bytes: Buffer): Promise<void> {
    this.#last = this.#last.then(() => this.#take(bytes));
    return this.#last;
  }

  async #take(bytes: Buffer): Promise<void> {
    for (let rest = bytes; rest.length > 0; )
      rest =
        this.#prompt === undefined ? await this.#takeKeys(rest) : await this.#takeLine(this.#prompt, rest);
  }

  /** Returns the input after the first key for the host. */
  async #takeKeys(bytes: Buffer): Promise<Buffer> {
    const { input, key, rest } = this.#escapes.feed(bytes);
    if (input.length > 0) this.#options.send(input);
    if (key !== undefined) await this.#press(key);
    return rest;
  }

  /** Returns the input after the end of the line. */
  async #takeLine(prompt: Prompt, bytes: Buffer): Promise<Buffer> {
    const { print, mode, host } = this.#options;
    const { echo, line, rest } = prompt.feed(bytes);
    print(echo);
    if (line !== undefined) this.#prompt = undefined;
    if (line) await mode.printing(() => host.command(line));
    return rest;
  }

  async #press(key: NonNullable<Typed['key']>): Promise<void> {
    const { print, mode, host, leave } = this.#options;
    if (typeof key !== 'string')
      return print(`\r\n${JSON.stringify(key.unknown)} is not a key of this terminal:\r\n${keyList()}`);
    const keys = {
      q: leave,
      s: () => mode.printing(() => host.stop()),
      ':': () => {
        this.#prompt = new Prompt();
        print(`\r\n${promptText}`);
      },
      '?': () => print(`\r\n${keyList()}`),
    } as const;
    await keys[key]();
  }
}
