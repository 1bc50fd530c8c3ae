// The process with the clients, which take the place of QEMU: it connects and makes accesses on request.

import * as v from 'valibot';
import type { Channel } from '../socket/channel.js';
import { connect } from '../socket/connect.js';
import { Client } from '../vfio-user/client.js';
import { command } from '../vfio-user/command.js';
import { encodeMessage } from '../vfio-user/header.js';
import { region } from '../vfio-user/info.js';
import { encodeAccess } from '../vfio-user/region-access.js';
import { registers } from '../vmmci/registers.js';
import { type Kind, replySize } from './kinds.js';
import { type Order, orderSchema, type Timing } from './messages.js';
import { median } from './statistics.js';

/** A read of the microseconds register. It belongs to the backend, and no read latches it. */
const request = encodeMessage(
  { id: 1, command: command.REGION_READ, flags: 0 },
  encodeAccess(BigInt(registers.microsecondsLow.offset), region.BAR0, 4),
);

/** The length of the reply is known, so the channel reads all of it as a header. */
const noBody = (): number => 0;

const channels = new Map<Kind, Channel[]>();

const open = async (kind: Kind, socket: string): Promise<Channel> => {
  const channel = await connect(socket);
  if (kind !== 'echo') await new Client(channel).negotiate();
  return channel;
};

/** Makes accesses one after another and records the time of each in µs. */
const access = async (channel: Channel, size: number, count: number, taken: number[]): Promise<void> => {
  for (let done = 0; done < count; done++) {
    const begin = performance.now();
    await channel.write(request);
    const reply = await channel.readMessage(size, noBody);
    if (reply === null) throw new Error('the server left');
    taken.push((performance.now() - begin) * 1000);
  }
};

const run = async (kind: Kind, accesses: number): Promise<Timing> => {
  const clients = channels.get(kind) ?? [];
  const each = Math.ceil(accesses / clients.length);
  const taken: number[] = [];
  const begin = performance.now();
  await Promise.all(clients.map((channel) => access(channel, replySize[kind], each, taken)));
  const seconds = (performance.now() - begin) / 1000;
  return { accessUs: median(taken), perSecond: taken.length / seconds };
};

const obey = async (order: Order): Promise<Timing | null> => {
  if (order.order === 'run') return run(order.kind, order.accesses);
  for (const channel of channels.get(order.kind) ?? []) channel.close();
  channels.set(order.kind, await Promise.all(order.sockets.map((socket) => open(order.kind, socket))));
  return null;
};

process.on(
  'message',
  (message) => void obey(v.parse(orderSchema, message)).then((reply) => process.send?.(reply)),
);
process.on('disconnect', () => process.exit());
