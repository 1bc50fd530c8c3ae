// The connection of the function to its backend, which may be absent, die, hang or come back.

import { codeOf } from '../base/errors.js';
import { messageOf } from '../base/thrown.js';
import type { TraceSink } from '../base/trace.js';
import type { FrontEnd } from '../vhost-user/front-end.js';

export interface LinkOptions {
  trace: TraceSink;
  onConfigChange: () => void;
}

/** The result of a request; `undefined` if no backend answered. */
export type Answer<T> = { value: T } | undefined;

export class BackendLink {
  readonly #options: LinkOptions;
  #frontEnd: FrontEnd | undefined;
  #unsubscribe: () => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get frontEnd(): FrontEnd | undefined {
    return this.#frontEnd;
  }

  /** Uses this front-end from now on, and closes the previous one. */
  attach(frontEnd: FrontEnd): void {
    this.#lose('replaced');
    this.#frontEnd = frontEnd;
    this.#unsubscribe = frontEnd.onConfigChange(this.#options.onConfigChange);
    this.#options.trace({ kind: 'backend', event: 'attached' });
    void frontEnd.closed.then(() => {
      if (this.#frontEnd === frontEnd) this.#lose('connection closed');
    });
  }

  /**
   * Sends a request to the backend. Resolves with `undefined` if the backend is absent, refuses, breaks the
   * protocol, dies, or does not answer within the limit of the front-end. Rejects only for a bug of the
   * harness.
   */
  async ask<T>(what: string, request: (frontEnd: FrontEnd) => Promise<T>): Promise<Answer<T>> {
    const frontEnd = this.#frontEnd;
    if (frontEnd === undefined) return undefined;
    try {
      return { value: await request(frontEnd) };
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      this.#options.trace({ kind: 'backend', event: 'failed', what, reason: messageOf(error) });
      return undefined;
    }
  }

  detach(reason: string): void {
    this.#lose(reason);
  }

  #lose(reason: string): void {
    const frontEnd = this.#frontEnd;
    if (frontEnd === undefined) return;
    this.#frontEnd = undefined;
    this.#unsubscribe();
    frontEnd.close();
    this.#options.trace({ kind: 'backend', event: 'lost', reason });
  }
}
