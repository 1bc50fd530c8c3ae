// A connected Unix stream socket. It never reads beyond the requested length: Linux lets one recvmsg join the
// end of a message without descriptors and the start of one with descriptors, which would then belong to the
// wrong message.

import { HarnessError } from '../base/errors.js';
import {
  closeFd,
  hasHungUp,
  maxDescriptors,
  type Received,
  receive,
  send,
  type Watch,
  watch,
} from '../host/libc.js';
import { EagerReads } from './eager-reads.js';

export interface Chunk {
  data: Buffer;
  /** The caller owns them. */
  fds: number[];
}

/** `data` is the body. The descriptors are those of both parts. */
export interface Message extends Chunk {
  header: Buffer;
}

const readable = 1;
const writable = 2;

/** A read that waits for the rest of its bytes. */
interface Reading extends Message {
  have: number;
  /** `undefined` after the header was read. */
  bodyLength: ((header: Buffer) => number) | undefined;
  resolve(message: Message | null): void;
  reject(error: HarnessError): void;
}

const noBytes = Buffer.alloc(0);

/** A write that waits for buffer space or for earlier writes. */
interface Writing {
  readonly data: Buffer;
  readonly fds: readonly number[];
  sent: number;
  resolve(): void;
  reject(error: HarnessError): void;
}

const noFds: readonly number[] = [];

export class Channel {
  readonly path: string;
  readonly closed: Promise<void>;
  readonly #fd: number;
  readonly #watch: Watch;
  #reading: Reading | undefined;
  /** The first one is in progress. */
  readonly #writes: Writing[] = [];
  readonly #eagerReads = new EagerReads();
  #open = true;
  #watching = 0;
  #resolveClosed: () => void = () => {};

  /** Takes ownership of `fd`, a connected stream socket. `path` is only for messages. */
  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.path = path;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#watch = watch(fd, () => this.#ready());
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** True if the peer has closed the connection; data that it sent before may be unread. */
  get hasPeerLeft(): boolean {
    return !this.#open || hasHungUp(this.#fd);
  }

  /**
   * Reads exactly `length` bytes and their descriptors. Resolves with `null` if the peer (or `close`) ended
   * the stream before the first byte; rejects with SOCKET_CLOSED if it ended later. Only one read at a time
   * is allowed.
   */
  read(length: number): Promise<Chunk | null> {
    return this.#read(length, undefined, true);
  }

  /**
   * Reads a header of exactly `length` bytes and then its body. `bodyLength` computes the length of the body
   * from the header (0 for an invalid header); it must not throw. The next message has rarely arrived when
   * the last one is handled, and a failed read costs as much as a successful one, so the first read is mostly
   * left to the event loop.
   */
  readMessage(length: number, bodyLength: (header: Buffer) => number): Promise<Message | null> {
    return this.#read(length, bodyLength, this.#eagerReads.shouldTry());
  }

  #read(length: number, bodyLength: Reading['bodyLength'], eager: boolean): Promise<Message | null> {
    if (this.#reading) throw new Error('a read is already pending');
    if (!this.#open) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const data = Buffer.allocUnsafe(length);
      const reading = { header: noBytes, data, fds: [], have: 0, bodyLength, resolve, reject };
      this.#reading = reading;
      if (eager) this.#receive(reading);
      if (this.#reading) this.#rewatch();
      else if (bodyLength) this.#eagerReads.succeeded();
    });
  }

  /**
   * Resolves when the kernel has all bytes; await it for back-pressure. The caller still owns `fds`, which
   * are sent with the first byte. Rejects with SOCKET_CLOSED if the connection ends before. Writes keep their
   * order.
   */
  write(data: Buffer, fds: readonly number[] = noFds): Promise<void> {
    return new Promise((resolve, reject) => {
      if (fds.length > maxDescriptors)
        throw new RangeError(`at most ${maxDescriptors} descriptors per message`);
      const writing = { data, fds, sent: 0, resolve, reject };
      if (!this.#open) return reject(this.#unwritten(writing));
      this.#writes.push(writing);
      if (this.#writes.length > 1) return;
      this.#send();
      if (this.#writes.length > 0) this.#rewatch();
    });
  }

  /** Reads available data without blocking. The read ends when it is complete or the stream ends. */
  #receive(reading: Reading): void {
    const { fds } = reading;
    while (reading.have < reading.data.length || this.#startBody(reading)) {
      const received = receive(this.#fd, reading.data, reading.have, reading.data.length - reading.have);
      const { count } = received;
      if (received.fds.length > 0) fds.push(...received.fds);
      if (count === 'EAGAIN') return;
      if (typeof count === 'string' || count === 0 || received.truncated || fds.length > maxDescriptors) {
        this.#endRead(this.#failure(received, reading));
        return;
      }
      reading.have += count;
    }
    this.#reading = undefined;
    reading.resolve({ header: reading.header, data: reading.data, fds });
  }

  /** Continues with the body after the header. Returns false if there is nothing left to read. */
  #startBody(reading: Reading): boolean {
    const { bodyLength, data } = reading;
    if (bodyLength === undefined) return false;
    reading.bodyLength = undefined;
    reading.header = data;
    reading.data = Buffer.allocUnsafe(bodyLength(data));
    reading.have = 0;
    return reading.data.length > 0;
  }

  /** The error of the stream; `null` if it ended between two messages. */
  #failure({ count, truncated }: Received, { have, data, header, fds }: Reading): HarnessError | null {
    if (truncated || fds.length > maxDescriptors) return this.#failed('recvmsg', 'too many descriptors');
    if (count !== 0 && count !== 'ECONNRESET') return this.#failed('recvmsg', count);
    if (have === 0 && header.length === 0) return null;
    return this.#closed(`after ${header.length + have} of ${header.length + data.length} bytes`);
  }

  /** Ends the pending read without data; `null` means the end of the stream. */
  #endRead(error: HarnessError | null): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    this.#reading = undefined;
    for (const fd of reading.fds) closeFd(fd);
    if (error === null) reading.resolve(null);
    else reading.reject(error);
  }

  /** Sends as much as the kernel accepts, without blocking. */
  #send(): void {
    for (let writing = this.#writes[0]; writing; writing = this.#writes[0]) {
      const { data, sent } = writing;
      const count = sent < data.length ? send(this.#fd, data, sent, sent === 0 ? writing.fds : noFds) : 0;
      if (count === 'EAGAIN') return;
      if (typeof count === 'number') {
        writing.sent += count;
        if (writing.sent < data.length) continue;
        this.#writes.shift();
        writing.resolve();
      } else {
        this.#writes.shift();
        const gone = count === 'EPIPE' || count === 'ECONNRESET';
        writing.reject(gone ? this.#unwritten(writing) : this.#failed('sendmsg', count));
      }
    }
  }

  /** Closes the connection and ends pending reads and writes. May be called again. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch.close();
    closeFd(this.#fd);
    this.#endRead(null);
    for (const writing of this.#writes.splice(0)) writing.reject(this.#unwritten(writing));
    this.#resolveClosed();
  }

  #ready(): void {
    this.#eagerReads.readable();
    const idle = !this.#reading && this.#writes.length === 0;
    if (this.#reading) this.#receive(this.#reading);
    this.#send();
    // The watch stays on after a read, since a session mostly reads again at once. An event without a pending
    // read or write turns it off.
    if (this.#open && (idle || this.#watching & writable)) this.#rewatch();
  }

  #rewatch(): void {
    const wanted = (this.#reading ? readable : 0) | (this.#writes.length > 0 ? writable : 0);
    if (wanted === this.#watching) return;
    this.#watching = wanted;
    if (wanted === 0) this.#watch.stop();
    else this.#watch.start({ readable: (wanted & readable) !== 0, writable: (wanted & writable) !== 0 });
  }

  #unwritten({ sent, data }: Writing): HarnessError {
    return this.#closed(`after ${sent} of ${data.length} bytes written`);
  }

  #closed(when: string): HarnessError {
    return new HarnessError('SOCKET_CLOSED', { path: this.path, when });
  }

  #failed(call: string, errno: string | number): HarnessError {
    return new HarnessError('SOCKET_IO', { path: this.path, call, errno });
  }
}
