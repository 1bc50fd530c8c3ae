// One connected Unix stream socket. Reads are exact: Linux lets one recvmsg join the end of a message without
// descriptors to the start of one with, so whoever reads "what is there" credits them to the wrong message.

import { HarnessError } from '../base/errors.js';
import { closeFd, maxDescriptors, type Received, receive, send, type Watch, watch } from '../host/libc.js';
import { Looks } from './looks.js';

export interface Chunk {
  data: Buffer;
  /** Owned by the caller from here on. */
  fds: number[];
}

/** `data` is the body; the descriptors are those that came with either part. */
export interface Message extends Chunk {
  header: Buffer;
}

const readable = 1;
const writable = 2;

/** A read that waits for the rest of its bytes. */
interface Reading extends Message {
  have: number;
  /** Set until a message's header is there. */
  bodyLength: ((header: Buffer) => number) | undefined;
  resolve(message: Message | null): void;
  reject(error: HarnessError): void;
}

const noBytes = Buffer.alloc(0);

/** A write that waits for room, or for its turn. */
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
  /** The first is the one under way. */
  readonly #writes: Writing[] = [];
  readonly #looks = new Looks();
  #open = true;
  #watching = 0;
  #resolveClosed: () => void = () => {};

  /** Takes over `fd`, a connected stream socket. `path` only names it in messages. */
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

  /**
   * Exactly `length` bytes and the descriptors that came with them; `null` when the peer (or `close`) ended
   * the stream before the first of them. Rejects with SOCKET_CLOSED when it ends in between. One read at a
   * time.
   */
  read(length: number): Promise<Chunk | null> {
    return this.#read(length, undefined, true);
  }

  /**
   * A header of `length` bytes and then its body, each as exactly as by `read`. `bodyLength` tells it from
   * the header, 0 for a header that makes no sense; it must not throw. The next message is rarely there when
   * the last one has been dealt with, and a look that finds nothing costs as much as one that does: it is
   * mostly left to the event loop.
   */
  readMessage(length: number, bodyLength: (header: Buffer) => number): Promise<Message | null> {
    return this.#read(length, bodyLength, this.#looks.take());
  }

  #read(length: number, bodyLength: Reading['bodyLength'], look: boolean): Promise<Message | null> {
    if (this.#reading) throw new Error('a read is pending already');
    if (!this.#open) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      const data = Buffer.allocUnsafe(length);
      const reading = { header: noBytes, data, fds: [], have: 0, bodyLength, resolve, reject };
      this.#reading = reading;
      if (look) this.#receive(reading);
      if (this.#reading) this.#rewatch();
      else if (bodyLength) this.#looks.found();
    });
  }

  /**
   * Resolves once the kernel has all bytes: awaiting it is the back-pressure. `fds` stay the caller's and go
   * with the first byte. Rejects with SOCKET_CLOSED when the connection ends first. Writes keep their order.
   */
  write(data: Buffer, fds: readonly number[] = noFds): Promise<void> {
    return new Promise((resolve, reject) => {
      if (fds.length > maxDescriptors)
        throw new RangeError(`at most ${maxDescriptors} descriptors a message`);
      const writing = { data, fds, sent: 0, resolve, reject };
      if (!this.#open) return reject(this.#unwritten(writing));
      this.#writes.push(writing);
      if (this.#writes.length > 1) return;
      this.#send();
      if (this.#writes.length > 0) this.#rewatch();
    });
  }

  /** Takes what is there for a read, never waiting. The read is over when it is complete or the stream is. */
  #receive(reading: Reading): void {
    const { fds } = reading;
    while (reading.have < reading.data.length || this.#startBody(reading)) {
      const received = receive(this.#fd, reading.data, reading.have, reading.data.length - reading.have);
      const { count } = received;
      if (received.fds.length > 0) fds.push(...received.fds);
      if (count === 'EAGAIN') return;
      if (typeof count === 'string' || count === 0 || received.truncated) {
        this.#endRead(this.#failure(received, reading));
        return;
      }
      reading.have += count;
    }
    this.#reading = undefined;
    reading.resolve({ header: reading.header, data: reading.data, fds });
  }

  /** Goes on to the body of a message whose header is there. False when nothing is left to read. */
  #startBody(reading: Reading): boolean {
    const { bodyLength, data } = reading;
    if (bodyLength === undefined) return false;
    reading.bodyLength = undefined;
    reading.header = data;
    reading.data = Buffer.allocUnsafe(bodyLength(data));
    reading.have = 0;
    return reading.data.length > 0;
  }

  /** What is wrong with the stream; nothing when it ended between two messages. */
  #failure({ count, truncated }: Received, { have, data, header }: Reading): HarnessError | null {
    if (truncated) return this.#failed('recvmsg', 'too many descriptors');
    if (count !== 0 && count !== 'ECONNRESET') return this.#failed('recvmsg', count);
    if (have === 0 && header.length === 0) return null;
    return this.#closed(`after ${header.length + have} of ${header.length + data.length} bytes`);
  }

  /** The read that waits is over without its bytes; with `null` because the stream is. */
  #endRead(error: HarnessError | null): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    this.#reading = undefined;
    for (const fd of reading.fds) closeFd(fd);
    if (error === null) reading.resolve(null);
    else reading.reject(error);
  }

  /** Gives the kernel what it takes of the writes, never waiting. */
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

  /** Ends the connection; what waits is told. May be called again. */
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
    this.#looks.renew();
    const idle = !this.#reading && this.#writes.length === 0;
    if (this.#reading) this.#receive(this.#reading);
    this.#send();
    // A finished read leaves the watch on, since a session mostly reads again at once; an event that finds
    // nobody waiting turns it off.
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
