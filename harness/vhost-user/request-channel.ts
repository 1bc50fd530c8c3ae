// Sends the requests of a front-end one after the other on one channel, and receives the replies.

import type { Channel } from '../socket/channel.js';
import { closeFd } from '../socket/descriptor.js';
import { Deadline } from './deadline.js';
import { type ProtocolFeature, protocolBit } from './features.js';
import { encodeFrame, type Frame, readFrame } from './frame.js';
import { empty } from './payload.js';
import { fatal, refusal } from './refusal.js';
import { type Request, type RequestName, requests } from './requests.js';

const checkReply = (name: RequestName, id: number, frame: Frame): Buffer => {
  for (const fd of frame.fds) closeFd(fd);
  const { reply = 'u64' }: Request = requests[name];
  if (!frame.reply || frame.request !== id)
    throw fatal(`expected a reply to ${name}, got request ${frame.request}`);
  if (frame.fds.length > 0) throw fatal(`the reply to ${name} carries descriptors`);
  if (reply === 'u64' && frame.payload.length !== 8) {
    throw fatal(`the reply to ${name} has ${frame.payload.length} bytes, expected 8`);
  }
  return frame.payload;
};

/** A request, queued or sent. */
interface Exchange {
  readonly name: RequestName;
  readonly payload: Buffer;
  readonly fds: readonly number[];
  /** The kind of answer that the backend gives; known when the request is sent. */
  answer: 'reply' | 'acknowledgement' | 'none' | undefined;
  resolve(payload: Buffer): void;
  reject(error: unknown): void;
}

const noFds: readonly number[] = [];

export class RequestChannel {
  readonly #channel: Channel;
  readonly #deadline: Deadline;
  /** The first one has been sent. */
  readonly #queue: Exchange[] = [];
  protocol = 0n;

  constructor(channel: Channel, timeoutMs: number) {
    this.#channel = channel;
    this.#deadline = new Deadline(timeoutMs, () =>
      this.#end(fatal(`no reply to ${this.#queue[0]?.name} within ${timeoutMs} ms`)),
    );
    void this.#receive();
  }

  has(feature: ProtocolFeature): boolean {
    return (this.protocol & protocolBit(feature)) !== 0n;
  }

  /**
   * Sends a request after the earlier ones. Resolves with the payload of the reply, which is empty if there
   * is none. A late, wrong or missing reply closes the connection and rejects all requests, because the
   * stream is out of step afterwards.
   */
  request(name: RequestName, payload: Buffer = empty, fds: readonly number[] = noFds): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ name, payload, fds, answer: undefined, resolve, reject });
      if (this.#queue.length === 1) this.#start();
    });
  }

  /** Sends the first request of the queue. A request without an answer is done when the kernel has it. */
  #start(): void {
    const exchange = this.#queue[0];
    if (exchange === undefined) return;
    const { name, payload, fds } = exchange;
    const { id, reply }: Request = requests[name];
    exchange.answer = reply ? 'reply' : this.has('REPLY_ACK') ? 'acknowledgement' : 'none';
    this.#deadline.start();
    const written = this.#channel.write(
      encodeFrame(id, payload, { needReply: exchange.answer === 'acknowledgement' }),
      fds,
    );
    const sent = exchange.answer === 'none' ? written.then(() => this.#done().resolve(empty)) : written;
    sent.catch((error: unknown) => this.#end(error));
  }

  /** Removes the first exchange from the queue and sends the next request. */
  #done(): Exchange {
    const exchange = this.#queue.shift();
    if (exchange === undefined) throw new Error('no request is in progress');
    this.#deadline.stop();
    this.#start();
    return exchange;
  }

  /** Reads all the time, so that the end of the backend is noticed even without a request. */
  async #receive(): Promise<void> {
    try {
      for (;;) {
        const frame = await readFrame(this.#channel);
        if (frame === null) break;
        this.#take(frame);
      }
      this.#end(fatal('the backend left before it answered'));
    } catch (error) {
      this.#end(error);
    }
  }

  #take(frame: Frame): void {
    const { name, answer = 'none' } = this.#queue[0] ?? {};
    if (name === undefined || answer === 'none') {
      for (const fd of frame.fds) closeFd(fd);
      throw fatal(`request ${frame.request} came without a request of ours`);
    }
    const payload = checkReply(name, requests[name].id, frame);
    const { resolve, reject } = this.#done();
    // After a refusal both sides are still in step.
    if (answer === 'acknowledgement' && payload.readBigUInt64LE(0) !== 0n)
      reject(refusal(`the backend refused ${name}`));
    else resolve(payload);
  }

  #end(error: unknown): void {
    this.#deadline.close();
    this.#channel.close();
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }
}
