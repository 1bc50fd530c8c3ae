// The front-end's session: what the PCI function asks of the back-end that holds the device.
import { HarnessError } from '../errors.js';
import type { Channel } from '../socket/channel.js';
import { closeFd } from '../socket/descriptor.js';
import { noTrace, type TraceSink } from '../trace.js';
import { offerBackChannel } from './change-channel.js';
import { allProtocolFeatures, PROTOCOL_FEATURES, type ProtocolFeature, protocolBit } from './features.js';
import { encodeFrame, type Frame, readFrame } from './frame.js';
import { decodeConfig, EMPTY, encodeConfig, u64, wholeRegister } from './payload.js';
import { fatal } from './refusal.js';
import { type Request, type RequestName, requests } from './requests.js';

export interface FrontEnd {
  /** As the back-end offers them, vhost-user's own bit 30 left out. */
  readonly features: bigint;
  /**
   * Reads `size` bytes at `offset` of the config space. Zero-length: the back-end has no register there. A back-end
   * that can (ours) gives the whole 32-bit register also for a narrower size; the caller cuts.
   */
  getConfig(offset: number, size: number): Promise<Buffer>;
  setConfig(offset: number, data: Buffer): Promise<void>;
  setFeatures(value: bigint): Promise<void>;
  setStatus(value: number): Promise<void>;
  /** Everything back to cold. A back-end without RESET_DEVICE only hears of status 0. */
  resetDevice(): Promise<void>;
  onConfigChange(listener: () => void): () => void;
  close(): void;
  readonly closed: Promise<void>;
}

export interface FrontEndOptions {
  readonly trace?: TraceSink;
  /** How long a reply may take, in ms. Below the 5 s after which QEMU 11.1 gives up on its own server. */
  readonly replyTimeoutMs?: number;
}

const WORD = 4;

class Session {
  readonly #channel: Channel;
  readonly #timeoutMs: number;
  #queue: Promise<unknown> = Promise.resolve();
  protocol = 0n;

  constructor(channel: Channel, timeoutMs: number) {
    this.#channel = channel;
    this.#timeoutMs = timeoutMs;
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

  async #exchange(name: RequestName, payload: Buffer, fds: readonly number[]): Promise<Buffer> {
    const { id, reply }: Request = requests[name];
    const acknowledged = reply === undefined && this.has('REPLY_ACK');
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#channel.close();
    }, this.#timeoutMs);
    try {
      await this.#channel.write(encodeFrame(id, payload, { needReply: acknowledged }), fds);
      if (reply === undefined && !acknowledged) return EMPTY;
      const frame = await readFrame(this.#channel);
      if (frame === null) throw fatal(`the back-end left before it answered ${name}`);
      const answer = checkReply(name, id, frame);
      if (acknowledged && answer.readBigUInt64LE(0) !== 0n) throw fatal(`the back-end refused ${name}`);
      return answer;
    } catch (error) {
      this.#channel.close();
      throw late ? fatal(`no reply to ${name} within ${this.#timeoutMs} ms`) : error;
    } finally {
      clearTimeout(timer);
    }
  }
}

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

/** The data of a GET_CONFIG reply; an empty payload or an empty region both say "no such register". */
const configData = (payload: Buffer, offset: number, sizes: readonly number[]): Buffer => {
  if (payload.length === 0) return EMPTY;
  const got = decodeConfig(payload);
  if (got.size === 0) return EMPTY;
  if (got.offset !== offset || !sizes.includes(got.size)) {
    throw fatal(`asked for ${sizes[0]} bytes of config at ${offset}, got ${got.size} at ${got.offset}`);
  }
  return got.data;
};

/** Negotiates over a connected channel, which it takes over. Rejects with PROTOCOL, and then the channel is closed. */
export const startFrontEnd = async (
  channel: Channel,
  { trace = noTrace, replyTimeoutMs = 4500 }: FrontEndOptions = {},
): Promise<FrontEnd> => {
  const session = new Session(channel, replyTimeoutMs);
  const listeners = new Set<() => void>();
  const number = async (name: RequestName): Promise<bigint> =>
    (await session.request(name)).readBigUInt64LE(0);
  try {
    const features = await number('GET_FEATURES');
    if ((features & PROTOCOL_FEATURES) === 0n) throw fatal('the back-end offers no protocol features');
    const offered = await number('GET_PROTOCOL_FEATURES');
    if ((offered & protocolBit('CONFIG')) === 0n) throw fatal('the back-end does not offer CONFIG');
    const chosen = offered & allProtocolFeatures;
    await session.request('SET_PROTOCOL_FEATURES', u64(chosen));
    session.protocol = chosen;
    await session.request('SET_OWNER');
    if (session.has('BACKEND_REQ')) {
      await offerBackChannel(
        (fd) => session.request('SET_BACKEND_REQ_FD', EMPTY, [fd]),
        channel,
        () => {
          trace({ kind: 'vhost-user', event: 'config change' });
          for (const listener of listeners) listener();
        },
      );
    }
    const whole = session.has('WHOLE_REGISTER');
    return {
      features: features & ~PROTOCOL_FEATURES,
      getConfig: async (offset, size) => {
        const flags = whole && size < WORD ? wholeRegister : 0;
        const reply = await session.request('GET_CONFIG', encodeConfig(offset, Buffer.alloc(size), flags));
        try {
          return configData(reply, offset, flags === 0 ? [size] : [size, WORD]);
        } catch (error) {
          channel.close();
          throw error;
        }
      },
      setConfig: async (offset, data) =>
        void (await session.request('SET_CONFIG', encodeConfig(offset, data))),
      setFeatures: async (value) =>
        void (await session.request('SET_FEATURES', u64(value | PROTOCOL_FEATURES))),
      setStatus: async (value) => {
        if (session.has('STATUS')) await session.request('SET_STATUS', u64(BigInt(value)));
      },
      resetDevice: async () => {
        if (session.has('RESET_DEVICE')) await session.request('RESET_DEVICE');
        else if (session.has('STATUS')) await session.request('SET_STATUS', u64(0n));
      },
      onConfigChange: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      close: () => channel.close(),
      closed: channel.closed,
    };
  } catch (error) {
    channel.close();
    throw error instanceof HarnessError ? error : fatal(String(error));
  }
};
