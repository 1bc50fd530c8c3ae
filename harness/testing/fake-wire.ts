// A connection for tests; the test acts as the peer. It has no socket and no real descriptors.

import { HarnessError } from '../base/errors.js';
import type { Connection, Descriptors } from '../vfio-user/connection.js';

interface Piece {
  data: Buffer;
  fds: number[];
}

/**
 * `readMessage` returns the bytes that the test feeds, with the semantics of a stream: descriptors come with
 * the read that takes the first byte of their message.
 */
export class FakeWire implements Connection {
  readonly path = 'fake';
  readonly written: Buffer[] = [];
  readonly closed: Promise<void>;
  isOpen = true;
  readonly #descriptors: Pick<Descriptors, 'close'>;
  readonly #pieces: Piece[] = [];
  #ended = false;
  #wake: () => void = () => {};
  #resolveClosed: () => void = () => {};

  /** Feeds bytes with the descriptors of their message. */
  constructor(descriptors: Pick<Descriptors, 'close'>) {
    this.#descriptors = descriptors;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  feed(data: Buffer, fds: readonly number[] = []): void {
    this.#pieces.push({ data, fds: [...fds] });
    this.#wake();
  }

  /** The peer closes the connection after the bytes fed so far. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The bytes that were not read. */
  unread(): readonly Piece[] {
    return this.#pieces;
  }

  async readMessage(
    length: number,
    bodyLength: (header: Buffer) => number,
  ): Promise<{ header: Buffer; data: Buffer; fds: number[] } | null> {
    const fds: number[] = [];
    const header = await this.#read(length, fds);
    if (header.length === 0) return null;
    if (header.length === length) {
      const size = bodyLength(header);
      const data = await this.#read(size, fds);
      if (data.length === size) return { header, data, fds };
    }
    for (const fd of fds) this.#descriptors.close(fd);
    throw new HarnessError('SOCKET_CLOSED', { path: this.path, when: 'in the middle of a message' });
  }

  /** Reads `size` bytes, or fewer at the end of the connection. Adds their descriptors to `fds`. */
  async #read(length: number, fds: number[]): Promise<Buffer> {
    const parts: Buffer[] = [];
    let have = 0;
    while (have < length) {
      const piece = this.#pieces[0];
      if (piece === undefined) {
        if (this.#ended || !this.isOpen) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const part = piece.data.subarray(0, length - have);
      parts.push(part);
      have += part.length;
      fds.push(...piece.fds.splice(0));
      piece.data = piece.data.subarray(part.length);
      if (piece.data.length === 0) this.#pieces.shift();
    }
    return Buffer.concat(parts);
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

/** Descriptors are numbers from 100; numbers from 1000 are not eventfds. Closing one twice throws. */
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
