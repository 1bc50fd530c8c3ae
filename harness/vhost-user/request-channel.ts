// Requests of a front-end and their replies, one after the other on one channel.
import { HarnessError } from '../errors.js';
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

interface Pending {
  resolve(frame: Frame): void;
  reject(error: unknown): void;
}

export class RequestChannel {
  readonly #channel: Channel;
  readonly #timeoutMs: number;
  readonly #deadline: Deadline;
  #late = false;
  #queue: Promise<unknown> = Promise.resolve();
  #pending: Pending | undefined;
  protocol = 0n;

  constructor(channel: Channel, timeoutMs: number) {
    this.#channel = channel;
    this.#timeoutMs = timeoutMs;
    this.#deadline = new Deadline(timeoutMs, () => {
      this.#late = true;
      channel.close();
    });
    void channel.closed.then(() => this.#deadline.close());
    void this.#receive();
  }

  has(feature: ProtocolFeature): boolean {
    return (this.protocol & protocolBit(feature)) !== 0n;
  }

  /**
   * One request, after those before it; resolves with the payload of the reply, or EMPTY where there is none. A late,
   * wrong or missing reply ends the connection: the stream would be out of step from there on.
   */
  request(name: RequestName, payload: Buffer = EMPTY, fds: readonly number[] = []): Promise<Buffer> {
    const answer = this.#queue.then(() => this.#exchange(name, payload, fds));
    this.#queue = answer.catch(() => {}); // the caller has the rejection; the queue only needs the order
    return answer;
  }

  /** Reads all the time, so that a back-end that leaves is noticed also when nothing is asked of it. */
  async #receive(): Promise<void> {
    let reason: unknown;
    try {
      for (let frame = await readFrame(this.#channel); frame; frame = await readFrame(this.#channel)) {
        const pending = this.#pending;
        this.#pending = undefined;
        if (pending === undefined) {
          for (const fd of frame.fds) closeFd(fd);
          throw fatal(`request ${frame.request} came unasked`);
        }
        pending.resolve(frame);
      }
    } catch (error) {
      reason = error;
    }
    this.#channel.close();
    this.#pending?.reject(reason ?? fatal('the back-end left before it answered'));
  }

  async #exchange(name: RequestName, payload: Buffer, fds: readonly number[]): Promise<Buffer> {
    const { id, reply }: Request = requests[name];
    const acknowledged = reply === undefined && this.has('REPLY_ACK');
    const silent = reply === undefined && !acknowledged;
    this.#deadline.start();
    try {
      const frame = silent
        ? undefined
        : new Promise<Frame>((resolve, reject) => {
            this.#pending = { resolve, reject };
          });
      frame?.catch(() => {}); // a write that fails is what the caller hears of, and this fails with it
      await this.#channel.write(encodeFrame(id, payload, { needReply: acknowledged }), fds);
      if (frame === undefined) return EMPTY;
      const answer = checkReply(name, id, await frame);
      if (acknowledged && answer.readBigUInt64LE(0) !== 0n) {
        throw refusal(`the back-end refused ${name}`); // in step all the same
      }
      return answer;
    } catch (error) {
      if (!(error instanceof HarnessError) || error.fields.effect !== 'refused') this.#channel.close();
      throw this.#late ? fatal(`no reply to ${name} within ${this.#timeoutMs} ms`) : error;
    } finally {
      this.#deadline.stop();
      this.#pending = undefined;
    }
  }
}
