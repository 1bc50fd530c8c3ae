// A front-end for tests; the test acts as its backend.

import { HarnessError } from '../base/errors.js';
import type { FrontEnd } from '../vhost-user/front-end.js';

const empty = Buffer.alloc(0);

/** 32-bit registers by config offset. It records each call in `calls`. */
export class FakeFrontEnd implements FrontEnd {
  readonly features = 0x1_4000_0007n; // VERSION_1 and vhost-user’s own bit 30 are not for a legacy guest
  readonly calls: string[] = [];
  readonly config = new Map<number, number>([
    [0, 0x02],
    [4, 0x5c7a1b2d],
    [8, 0],
    [12, 0x1e240],
    [16, 0],
  ]);
  readonly closed: Promise<void>;
  wholeRegister = true;
  /** Returns the whole register for a narrow read too, as the real backend does. */
  whole = true;
  /** The next calls wait for this promise. */
  gate: Promise<void> = Promise.resolve();
  isClosed = false;
  readonly #listeners = new Set<() => void>();
  #resolveClosed: () => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  async #note(call: string): Promise<void> {
    this.calls.push(call);
    await this.gate;
    if (this.isClosed) throw new HarnessError('SOCKET_CLOSED', { path: 'backend', when: 'in a request' });
  }

  async getConfig(offset: number, size: number): Promise<Buffer> {
    await this.#note(`get ${offset} ${size}`);
    const value = this.config.get(offset);
    if (value === undefined) return empty;
    const data = Buffer.alloc(4);
    data.writeUInt32LE(value);
    return this.whole ? data : data.subarray(0, size);
  }
  async setConfig(offset: number, data: Buffer): Promise<void> {
    await this.#note(`set ${offset} ${data.toString('hex')}`);
  }
  async setFeatures(value: bigint): Promise<void> {
    await this.#note(`features ${value}`);
  }
  async setStatus(value: number): Promise<void> {
    await this.#note(`status ${value}`);
  }
  async resetDevice(): Promise<void> {
    await this.#note('reset');
  }
  onConfigChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Reports a change of the configuration, as a backend does. */
  change(): void {
    for (const listener of this.#listeners) listener();
  }

  close(): void {
    this.isClosed = true;
    this.#resolveClosed();
  }
}
