// Requests of a front-end and their replies, one after the other on one channel.

import type { Channel } from '../socket/channel.js';
import { closeFd } from '../socket/descriptor.js';
import { Deadline } from './deadline.js';
import { type ProtocolFeature, protocolBit } from './features.js';
import { encodeFrame, type Frame, readFrame } from './frame.js';
import { EMPTY } from './payload.js';
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

/** A request on its way: in the queue, then with the backend. */
interface Exchange {
  readonly name: RequestName;
  readonly payload: Buffer;
  readonly fds: readonly number[];
  /** What the backend says to it, known once it is sent. */
  answer: 'reply' | 'acknowledgement' | 'none' | undefined;
  resolve(payload: Buffer): void;
  reject(error: unknown): void;
}

const noFds: readonly number[] = [];

export class RequestChannel {
  readonly #channel: Channel;
  readonly #deadline: Deadline;
  /** The first is the one under way. */
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
   * One request, after those before it; resolves with the payload of the reply, or EMPTY where there is none.
   * A late, wrong or missing reply ends the connection, and all requests with it: the stream would be out of
   * step from there on.
   */
  request(name: RequestName, payload: Buffer = EMPTY, fds: readonly number[] = noFds): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ name, payload, fds, answer: undefined, resolve, reject });
      if (this.#queue.length === 1) this.#start();
    });
  }

  /** Sends the first request of the queue. One without an answer is done when the kernel has it. */
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
    const sent = exchange.answer === 'none' ? written.then(() => this.#done().resolve(EMPTY)) : written;
    sent.catch((error: unknown) => this.#end(error));
  }

  /** Takes the first exchange out of the queue, which goes on with the next. */
  #done(): Exchange {
    const exchange = this.#queue.shift();
    if (exchange === undefined) throw new Error('no request was under way');
    this.#deadline.stop();
    this.#start();
    return exchange;
  }

  /** Reads all the time, so that a backend that leaves is noticed also when nothing is asked of it. */
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
      throw fatal(`request ${frame.request} came unasked`);
    }
    const payload = checkReply(name, requests[name].id, frame);
    const { resolve, reject } = this.#done();
    // A refusal leaves both sides in step.
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
