// The client's side, one request at a time. Benchmarks, tests and tools use it instead of QEMU.

import { HarnessError } from '../base/errors.js';
import { command } from './command.js';
import type { Connection } from './connection.js';
import { bodyLength, decodeHeader, encodeMessage, HEADER_SIZE, type Header, headerFlag } from './header.js';
import { region } from './info.js';
import { encodeAccess } from './region-access.js';
import { encodeSetIrqs, irqAction, irqData } from './set-irqs.js';
import { encodeVersion } from './version.js';

const empty = Buffer.alloc(0);

export interface Reply {
  header: Header;
  body: Buffer;
}

export class Client {
  readonly #connection: Connection;
  #id = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Resolves with the reply, which may be an error reply. Rejects with SOCKET_CLOSED if the server closed the
   * connection instead.
   */
  async request(number: number, body: Buffer = empty, fds: readonly number[] = []): Promise<Reply> {
    const id = this.#id++ & 0xffff;
    await this.#connection.write(encodeMessage({ id, command: number, flags: 0 }, body), fds);
    const reply = await this.#reply();
    if (reply.header.id !== id || reply.header.command !== number)
      throw new HarnessError('PROTOCOL', {
        protocol: 'vfio-user',
        reason: 'the reply belongs to another request',
      });
    return reply;
  }

  /** Like `request`, but an error reply rejects with PROTOCOL and its errno. */
  async must(number: number, body?: Buffer, fds?: readonly number[]): Promise<Buffer> {
    const { header, body: answer } = await this.request(number, body, fds);
    if ((header.flags & headerFlag.ERROR) !== 0)
      throw new HarnessError('PROTOCOL', {
        protocol: 'vfio-user',
        reason: `command ${number} was answered with errno ${header.error}`,
        errno: header.error,
      });
    return answer;
  }

  /** Sends a request with the no-reply flag. */
  post(number: number, body: Buffer = empty, fds: readonly number[] = []): Promise<void> {
    const message = encodeMessage({ id: 0, command: number, flags: headerFlag.NO_REPLY }, body);
    return this.#connection.write(message, fds);
  }

  async negotiate(): Promise<void> {
    await this.must(command.VERSION, encodeVersion(0, 0, { max_msg_fds: 8, max_data_xfer_size: 1048576 }));
  }

  /** Reads `width` bytes of a region (default: BAR0) as a little-endian number. */
  async read(offset: number, width: number, index: number = region.BAR0): Promise<number> {
    const body = await this.must(command.REGION_READ, encodeAccess(BigInt(offset), index, width));
    return body.readUIntLE(16, width);
  }

  async write(offset: number, width: number, value: number, index: number = region.BAR0): Promise<void> {
    const data = Buffer.alloc(width);
    data.writeUIntLE(value, 0, width);
    await this.must(command.REGION_WRITE, encodeAccess(BigInt(offset), index, width, data));
  }

  /** Enables INTx with an eventfd, which the caller still owns, or disables it. */
  async arm(trigger: number | null): Promise<void> {
    const flags = irqAction.TRIGGER | (trigger === null ? irqData.NONE : irqData.EVENTFD);
    const count = trigger === null ? 0 : 1;
    const body = encodeSetIrqs({ flags, index: 0, start: 0, count });
    await this.must(command.DEVICE_SET_IRQS, body, trigger === null ? [] : [trigger]);
  }

  async unmask(): Promise<void> {
    const body = encodeSetIrqs({ flags: irqData.NONE | irqAction.UNMASK, index: 0, start: 0, count: 1 });
    await this.must(command.DEVICE_SET_IRQS, body);
  }

  async reset(): Promise<void> {
    await this.must(command.DEVICE_RESET);
  }

  close(): void {
    this.#connection.close();
  }

  async #reply(): Promise<Reply> {
    const message = await this.#connection.readMessage(HEADER_SIZE, bodyLength);
    if (message === null)
      throw new HarnessError('SOCKET_CLOSED', { path: this.#connection.path, when: 'instead of a reply' });
    return { header: decodeHeader(message.header), body: message.data };
  }
}
