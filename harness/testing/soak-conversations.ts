// One round of a soak test for each protocol: valid and invalid messages, with and without descriptors.

import { command } from '../vfio-user/command.js';
import { encodeMessage } from '../vfio-user/header.js';
import { encodeAccess } from '../vfio-user/region-access.js';
import { encodeSetIrqs } from '../vfio-user/set-irqs.js';
import { encodeVersion } from '../vfio-user/version.js';
import { allProtocolFeatures } from '../vhost-user/features.js';
import { encodeFrame } from '../vhost-user/frame.js';
import { encodeConfig, ring, u64 } from '../vhost-user/payload.js';
import { type RequestName, requests } from '../vhost-user/requests.js';
import { encodeDmaMap, encodeDmaUnmap } from './vfio-user-requests.js';

export interface Message {
  readonly data: Buffer;
  readonly fds: readonly number[];
  /** Size in bytes of the reply with its header; 0 if there is no reply. */
  readonly reply: number;
}

export interface Conversation {
  /** Messages that are sent once, first. */
  readonly hello: Message;
  readonly round: readonly Message[];
}

const empty = Buffer.alloc(0);

const fill = (plain: readonly Message[], special: readonly Message[]): Message[] =>
  special.flatMap((message) => [message, ...plain]);

/** `event` is an eventfd, `socket` one end of a stream. */
export const vhostUserConversation = (event: number, socket: number): Conversation => {
  const message = (name: RequestName, payload: Buffer, reply: number, fds: readonly number[] = []) => ({
    data: encodeFrame(requests[name].id, payload, { needReply: true }),
    fds,
    reply: 12 + reply,
  });
  const table = Buffer.alloc(8 + 32 * 8);
  table.writeUInt32LE(8, 0);
  const config = encodeConfig(4, Buffer.alloc(4));
  const plain = [
    message('GET_FEATURES', empty, 8),
    message('GET_CONFIG', config, config.length),
    message('GET_CONFIG', encodeConfig(5, Buffer.alloc(4)), 0),
    message('SET_CONFIG', config, 8),
    message('SET_STATUS', u64(4n), 8),
    message('GET_VRING_BASE', ring(0, 0), 8),
    message('SET_VRING_ADDR', Buffer.alloc(3), 8),
  ];
  const features = u64(allProtocolFeatures);
  return {
    hello: { ...message('SET_PROTOCOL_FEATURES', features, 8), data: encodeFrame(16, features), reply: 0 },
    round: fill(plain, [
      message('SET_VRING_KICK', u64(0n), 8, [event]),
      message(
        'SET_MEM_TABLE',
        table,
        8,
        Array.from({ length: 8 }, () => event),
      ),
      message('SET_BACKEND_REQ_FD', empty, 8, [socket]),
      message('SET_BACKEND_REQ_FD', empty, 8, [event]),
      message('SET_VRING_CALL', u64(0x100n), 8, [event]),
      message('SET_STATUS', u64(4n), 8, [event, socket, event]),
    ]),
  };
};

/** `event` is an eventfd, `socket` one end of a stream. */
export const vfioUserConversation = (event: number, socket: number): Conversation => {
  let id = 0;
  const message = (number: number, body: Buffer, reply: number, fds: readonly number[] = []) => ({
    data: encodeMessage({ id: id++, command: number, flags: 0 }, body),
    fds,
    reply: 16 + reply,
  });
  const range = { offset: 0n, address: 0x1000n, size: 0x1000n };
  const irqs = { index: 0, start: 0, count: 1 };
  const plain = [
    message(command.REGION_READ, encodeAccess(24n, 0, 4), 20),
    message(command.REGION_READ, encodeAccess(0n, 0, 4), 20),
    message(command.REGION_READ, encodeAccess(0n, 7, 4), 20),
    message(command.REGION_WRITE, encodeAccess(14n, 0, 1, Buffer.of(4)), 16),
    message(command.REGION_READ, encodeAccess(4096n, 0, 4), 0),
    message(99, Buffer.alloc(24), 0),
  ];
  const version = encodeVersion(0, 0, { max_msg_fds: 8 });
  return {
    hello: message(command.VERSION, version, version.length),
    round: fill(plain, [
      message(command.DEVICE_SET_IRQS, encodeSetIrqs({ flags: 0x24, ...irqs }), 0, [event]),
      message(command.DMA_MAP, encodeDmaMap({ flags: 3, ...range }), 0, [event]),
      message(command.DMA_UNMAP, encodeDmaUnmap(range), encodeDmaUnmap(range).length),
      message(command.DEVICE_RESET, empty, 0, [event, socket]),
      message(99, empty, 0, [event]),
      message(command.DEVICE_SET_IRQS, encodeSetIrqs({ flags: 0x24, ...irqs }), 0, [socket]),
      message(command.DEVICE_SET_IRQS, encodeSetIrqs({ flags: 0x14, ...irqs }), 0, [event]),
    ]),
  };
};
