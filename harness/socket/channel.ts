// One connected Unix stream socket. Reads are exact: Linux lets one recvmsg join the end of a message without
// descriptors to the start of one with, so whoever reads "what is there" credits them to the wrong message.
import { HarnessError } from '../errors.js';
import { closeFd, receive, send, type Watch, watch } from './libc.js';

export interface Chunk {
  data: Buffer;
  /** Owned by the caller from here on. */
  fds: number[];
}

const readable = 1;
const writable = 2;

interface Wait {
  attempt: () => boolean;
  fail: (error: HarnessError | null) => void;
}

export class Channel {
  readonly path: string;
  readonly closed: Promise<void>;
  readonly #fd: number;
  readonly #watch: Watch;
  #reader: Wait | undefined;
  #writer: Wait | undefined;
  #writes: Promise<void> = Promise.resolve();
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
   * Exactly `length` bytes and the descriptors that came with them; `null` when the peer (or `close`) ended the
   * stream before the first of them. Rejects with SOCKET_CLOSED when it ends in between. One read at a time.
   */
  read(length: number): Promise<Chunk | null> {
    if (this.#reader) throw new Error('a read is pending already');
    const data = Buffer.allocUnsafe(length);
    const fds: number[] = [];
    let have = 0;
    return new Promise((resolve, reject) => {
      const fail = (error: HarnessError | null): void => {
        this.#reader = undefined;
        for (const fd of fds) closeFd(fd);
        if (error) reject(error);
        else resolve(null);
      };
      const attempt = (): boolean => {
        while (have < length) {
          const { count, fds: more, truncated } = receive(this.#fd, data, have, length - have);
          fds.push(...more);
          if (count === 'EAGAIN') return false;
          if (truncated) fail(this.#error('SOCKET_IO', { call: 'recvmsg', errno: 'too many descriptors' }));
          else if (count === 'ECONNRESET' || count === 0) fail(have === 0 ? null : this.#cut(have, length));
          else if (typeof count === 'string')
            fail(this.#error('SOCKET_IO', { call: 'recvmsg', errno: count }));
          else {
            have += count;
            continue;
          }
          return true;
        }
        this.#reader = undefined;
        resolve({ data, fds });
        return true;
      };
      if (!this.#open) resolve(null);
      else if (!attempt()) this.#wait('reader', { attempt, fail });
    });
  }

  /**
   * Resolves once the kernel has all bytes: awaiting it is the back-pressure. `fds` stay the caller's and go with
   * the first byte. Rejects with SOCKET_CLOSED when the connection ends first. Writes keep their order.
   */
  write(data: Buffer, fds: readonly number[] = []): Promise<void> {
    const written = this.#writes.then(() => this.#write(data, fds));
    this.#writes = written.catch(() => {}); // the caller has the rejection; the queue only needs the order
    return written;
  }

  #write(data: Buffer, fds: readonly number[]): Promise<void> {
    let sent = 0;
    return new Promise((resolve, reject) => {
      const fail = (error: HarnessError | null): void => {
        this.#writer = undefined;
        reject(
          error ?? this.#error('SOCKET_CLOSED', { when: `after ${sent} of ${data.length} bytes written` }),
        );
      };
      const attempt = (): boolean => {
        while (sent < data.length) {
          const count = send(this.#fd, data, sent, sent === 0 ? fds : []);
          if (count === 'EAGAIN') return false;
          if (count === 'EPIPE' || count === 'ECONNRESET') fail(null);
          else if (typeof count === 'string')
            fail(this.#error('SOCKET_IO', { call: 'sendmsg', errno: count }));
          else {
            sent += count;
            continue;
          }
          return true;
        }
        this.#writer = undefined;
        resolve();
        return true;
      };
      if (!this.#open) fail(null);
      else if (!attempt()) this.#wait('writer', { attempt, fail });
    });
  }

  /** Ends the connection; what waits is told. May be called again. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch.close();
    closeFd(this.#fd);
    this.#reader?.fail(null);
    this.#writer?.fail(null);
    this.#resolveClosed();
  }

  #wait(side: 'reader' | 'writer', wait: Wait): void {
    if (side === 'reader') this.#reader = wait;
    else this.#writer = wait;
    this.#rewatch();
  }

  #ready(): void {
    const idle = !this.#reader && !this.#writer;
    this.#reader?.attempt();
    this.#writer?.attempt();
    // A finished read leaves the watch on, since a session mostly reads again at once; an event that finds nobody
    // waiting turns it off.
    if (this.#open && (idle || this.#watching & writable)) this.#rewatch();
  }

  #rewatch(): void {
    const wanted = (this.#reader ? readable : 0) | (this.#writer ? writable : 0);
    if (wanted === this.#watching) return;
    this.#watching = wanted;
    if (wanted === 0) this.#watch.stop();
    else this.#watch.start({ readable: (wanted & readable) !== 0, writable: (wanted & writable) !== 0 });
  }

  #cut(have: number, length: number): HarnessError {
    return this.#error('SOCKET_CLOSED', { when: `after ${have} of ${length} bytes` });
  }

  #error(code: 'SOCKET_IO' | 'SOCKET_CLOSED', fields: Record<string, string>): HarnessError {
    return new HarnessError(code, { path: this.path, ...fields });
  }
}
