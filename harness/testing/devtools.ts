// The DevTools messages to and from a browser: JSON that ends with NUL, on its debugging pipe.

import type { Readable, Writable } from 'node:stream';

export type Fields = Readonly<Record<string, unknown>>;

export interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Fields;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
}

export class DevTools {
  readonly #output: Writable;
  readonly #waiting = new Map<number, { resolve(result: Fields): void; reject(error: Error): void }>();
  readonly #listeners = new Set<(message: Message) => void>();
  #count = 0;
  #rest = '';

  constructor(output: Writable, input: Readable) {
    this.#output = output;
    // A write after the end of the browser fails; `end` rejects the command.
    output.on('error', () => {});
    input.setEncoding('utf8').on('data', (data: string) => this.#receive(data));
  }

  /** Calls `listener` with each event. */
  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  /** Sends a command. Resolves with its result, and rejects with its error. */
  send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    return new Promise((resolve, reject) => {
      this.#count += 1;
      this.#waiting.set(this.#count, { resolve, reject });
      this.#output.write(`${JSON.stringify({ id: this.#count, method, params, sessionId })}\0`);
    });
  }

  /** Rejects all commands that wait for a result. */
  end(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  #receive(data: string): void {
    const parts = `${this.#rest}${data}`.split('\0');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      if (message.id === undefined) for (const listener of this.#listeners) listener(message);
      const asked = this.#waiting.get(message.id ?? -1);
      this.#waiting.delete(message.id ?? -1);
      if (message.error !== undefined) asked?.reject(new Error(message.error.message));
      else asked?.resolve(message.result ?? {});
    }
  }
}
