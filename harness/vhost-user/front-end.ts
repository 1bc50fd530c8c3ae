// The front-end's session: what the PCI function asks of the backend that holds the device.

import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import type { Channel } from '../socket/channel.js';
import { offerBackChannel } from './change-channel.js';
import { allProtocolFeatures, PROTOCOL_FEATURES, protocolBit } from './features.js';
import { decodeConfig, EMPTY, encodeConfig, u64, wholeRegister } from './payload.js';
import { fatal } from './refusal.js';
import { RequestChannel } from './request-channel.js';
import type { RequestName } from './requests.js';

export interface FrontEnd {
  /** As the backend offers them, vhost-user's own bit 30 left out. */
  readonly features: bigint;
  /** The backend is one of this project: it gives whole registers (WHOLE_REGISTER). */
  readonly wholeRegister: boolean;
  /**
   * Reads `size` bytes at `offset` of the config space. Zero-length: the backend has no register there. A
   * backend that can (ours) gives the whole 32-bit register also for a narrower size; the caller cuts.
   */
  getConfig(offset: number, size: number): Promise<Buffer>;
  setConfig(offset: number, data: Buffer): Promise<void>;
  setFeatures(value: bigint): Promise<void>;
  setStatus(value: number): Promise<void>;
  /** Everything back to cold. A backend without RESET_DEVICE only hears of status 0. */
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

/**
 * Negotiates over a connected channel, which it takes over. Rejects with PROTOCOL, and then the channel is
 * closed.
 */
export const startFrontEnd = async (
  channel: Channel,
  { trace = noTrace, replyTimeoutMs = 4500 }: FrontEndOptions = {},
): Promise<FrontEnd> => {
  const session = new RequestChannel(channel, replyTimeoutMs);
  const listeners = new Set<() => void>();
  const number = async (name: RequestName): Promise<bigint> =>
    (await session.request(name)).readBigUInt64LE(0);
  try {
    const features = await number('GET_FEATURES');
    if ((features & PROTOCOL_FEATURES) === 0n) throw fatal('the backend offers no protocol features');
    const offered = await number('GET_PROTOCOL_FEATURES');
    if ((offered & protocolBit('CONFIG')) === 0n) throw fatal('the backend does not offer CONFIG');
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
      wholeRegister: whole,
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
