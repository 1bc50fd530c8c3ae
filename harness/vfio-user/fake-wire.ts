// For tests: a connection whose other end is the test, without a socket and without descriptors that exist.

import { HarnessError } from '../errors.js';
import type { Connection, Descriptors } from './connection.js';

interface Piece {
  data: Buffer;
  fds: number[];
}

/** What is fed comes out of `read` with stream semantics: descriptors come with the read that takes their first byte. */
export class FakeWire implements Connection {
  readonly path = 'fake';
  readonly written: Buffer[] = [];
  readonly closed: Promise<void>;
  isOpen = true;
  readonly #pieces: Piece[] = [];
  #ended = false;
  #wake: () => void = () => {};
  #resolveClosed: () => void = () => {};

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  feed(data: Buffer, fds: readonly number[] = []): void {
    this.#pieces.push({ data, fds: [...fds] });
    this.#wake();
  }

  /** The peer is gone once what was fed is read. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** What nobody has read. */
  unread(): readonly Piece[] {
    return this.#pieces;
  }

  async read(length: number): Promise<{ data: Buffer; fds: number[] } | null> {
    const parts: Buffer[] = [];
    const fds: number[] = [];
    let have = 0;
    while (have < length) {
      const piece = this.#pieces[0];
      if (piece === undefined) {
        if (!this.#ended && this.isOpen) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        if (have === 0) return null;
        throw new HarnessError('SOCKET_CLOSED', {
          path: this.path,
          when: `after ${have} of ${length} bytes`,
        });
      }
      const part = piece.data.subarray(0, length - have);
      parts.push(part);
      have += part.length;
      fds.push(...piece.fds.splice(0));
      piece.data = piece.data.subarray(part.length);
      if (piece.data.length === 0) this.#pieces.shift();
    }
    return { data: Buffer.concat(parts), fds };
  }

  async write(data: Buffer): Promise<void> {
    if (!this.isOpen) throw new HarnessError('SOCKET_CLOSED', { path: this.path, when: 'before a write' });
    this.written.push(Buffer.from(data));
  }

  close(): void {
    this.isOpen = false;
    this.#wake();
    this.#resolveClosed();
  }
}

/** Descriptors are numbers from 100 on; those from 1000 on are no eventfds. `close` twice throws. */
export class FakeDescriptors implements Descriptors {
  readonly open = new Set<number>();
  #next = { event: 100, other: 1000 };

  event(): number {
    this.open.add(this.#next.event);
    return this.#next.event++;
  }

  other(): number {
    this.open.add(this.#next.other);
    return this.#next.other++;
  }

  close(fd: number): void {
    if (!this.open.delete(fd)) throw new Error(`descriptor ${fd} closed twice`);
  }

  isEventFd(fd: number): boolean {
    return fd < 1000;
  }
}
