// The session of the front-end: the requests of the PCI function to the backend that has the device.

import { HarnessError } from '../base/errors.js';
import { noTrace, type TraceSink } from '../base/trace.js';
import type { Channel } from '../socket/channel.js';
import { offerBackChannel } from './change-channel.js';
import { allProtocolFeatures, PROTOCOL_FEATURES, protocolBit } from './features.js';
import { decodeConfig, empty, encodeConfig, u64, wholeRegister } from './payload.js';
import { fatal } from './refusal.js';
import { RequestChannel } from './request-channel.js';
import type { RequestName } from './requests.js';

export interface FrontEnd {
  /** The features that the backend offers, without vhost-user's own bit 30. */
  readonly features: bigint;
  /** True if the backend is one of this project, which returns whole registers (WHOLE_REGISTER). */
  readonly wholeRegister: boolean;
  /**
   * Reads `size` bytes at `offset` of the config space. Returns no bytes if no register starts there. With
   * WHOLE_REGISTER it returns the whole 32-bit register even for a smaller `size`; the caller truncates.
   */
  getConfig(offset: number, size: number): Promise<Buffer>;
  setConfig(offset: number, data: Buffer): Promise<void>;
  setFeatures(value: bigint): Promise<void>;
  setStatus(value: number): Promise<void>;
  /**
   * Resets the device to the state after a cold start. A backend without RESET_DEVICE gets status 0 instead.
   */
  resetDevice(): Promise<void>;
  onConfigChange(listener: () => void): () => void;
  close(): void;
  readonly closed: Promise<void>;
}

export interface FrontEndOptions {
  readonly trace?: TraceSink;
  /** The time limit for a reply in ms. It is below the 5 s after which QEMU 11.1 drops its own server. */
  readonly replyTimeoutMs?: number;
}

const wordBytes = 4;

/** The data of a GET_CONFIG reply. No payload and no data both mean that no register starts there. */
const configData = (payload: Buffer, offset: number, sizes: readonly number[]): Buffer => {
  if (payload.length === 0) return empty;
  const got = decodeConfig(payload);
  if (got.size === 0) return empty;
  if (got.offset !== offset || !sizes.includes(got.size)) {
    throw fatal(`asked for ${sizes[0]} bytes of config at ${offset}, got ${got.size} at ${got.offset}`);
  }
  return got.data;
};

/** Resolves with the features that the backend offers. Calls `onConfigChange` on each of its messages. */
const negotiate = async (
  session: RequestChannel,
  channel: Channel,
  onConfigChange: () => void,
): Promise<bigint> => {
  const number = async (name: RequestName): Promise<bigint> =>
    (await session.request(name)).readBigUInt64LE(0);
  const features = await number('GET_FEATURES');
  if ((features & PROTOCOL_FEATURES) === 0n) throw fatal('the backend offers no protocol features');
  const offered = await number('GET_PROTOCOL_FEATURES');
  if ((offered & protocolBit('CONFIG')) === 0n) throw fatal('the backend does not offer CONFIG');
  const chosen = offered & allProtocolFeatures;
  await session.request('SET_PROTOCOL_FEATURES', u64(chosen));
  session.protocol = chosen;
  await session.request('SET_OWNER');
  if (session.has('BACKEND_REQ'))
    await offerBackChannel(
      (fd) => session.request('SET_BACKEND_REQ_FD', empty, [fd]),
      channel,
      onConfigChange,
    );
  return features;
};

type DeviceRequests = Pick<
  FrontEnd,
  'wholeRegister' | 'getConfig' | 'setConfig' | 'setFeatures' | 'setStatus' | 'resetDevice'
>;

/** The requests about the device, as far as the backend supports them. */
const deviceRequests = (session: RequestChannel, channel: Channel): DeviceRequests => {
  const whole = session.has('WHOLE_REGISTER');
  return {
    wholeRegister: whole,
    getConfig: async (offset, size) => {
      const flags = whole && size < wordBytes ? wholeRegister : 0;
      const reply = await session.request('GET_CONFIG', encodeConfig(offset, Buffer.alloc(size), flags));
      try {
        return configData(reply, offset, flags === 0 ? [size] : [size, wordBytes]);
      } catch (error) {
        channel.close();
        throw error;
      }
    },
    setConfig: async (offset, data) => void (await session.request('SET_CONFIG', encodeConfig(offset, data))),
    setFeatures: async (value) =>
      void (await session.request('SET_FEATURES', u64(value | PROTOCOL_FEATURES))),
    setStatus: async (value) => {
      if (session.has('STATUS')) await session.request('SET_STATUS', u64(BigInt(value)));
    },
    resetDevice: async () => {
      if (session.has('RESET_DEVICE')) await session.request('RESET_DEVICE');
      else if (session.has('STATUS')) await session.request('SET_STATUS', u64(0n));
    },
  };
};

/**
 * Takes ownership of a connected channel and negotiates. Rejects with PROTOCOL, and then the channel is
 * closed.
 */
export const startFrontEnd = async (
  channel: Channel,
  { trace = noTrace, replyTimeoutMs = 4500 }: FrontEndOptions = {},
): Promise<FrontEnd> => {
  const session = new RequestChannel(channel, replyTimeoutMs);
  const listeners = new Set<() => void>();
  try {
    const features = await negotiate(session, channel, () => {
      trace({ kind: 'vhost-user', event: 'config change' });
      for (const listener of listeners) listener();
    });
    return {
      ...deviceRequests(session, channel),
      features: features & ~PROTOCOL_FEATURES,
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
