// A process that serves clients that do not read, or read too slowly, and prints its memory use as one line
// of JSON. Tests start it as node --expose-gc memory-process.js vhost-user|vfio-user never|slowly for unread
// replies, and as node --expose-gc memory-process.js vhost-user changes for unread config changes.

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { codeOf } from '../base/errors.js';
import { noTrace } from '../base/trace.js';
import { type Backend, startBackend, startDevice } from '../device/device.js';
import type { Channel } from '../socket/channel.js';
import { connect } from '../socket/connect.js';
import { closeFd, socketPairFds } from '../socket/descriptor.js';
import { privateDirectory } from '../socket/private-directory.js';
import { encodeMessage, HEADER_SIZE, maxMessageBytes } from '../vfio-user/header.js';
import { encodeVersion } from '../vfio-user/version.js';
import { allProtocolFeatures } from '../vhost-user/features.js';
import { encodeFrame, maxPayload } from '../vhost-user/frame.js';
import { u64 } from '../vhost-user/payload.js';

export interface MemoryReport {
  readonly clients: number;
  /** Additional heap and buffers in bytes per client while all clients are stuck. */
  readonly perClient: number;
  /** Size in bytes of the largest message of the protocol, which each client sends repeatedly. */
  readonly message: number;
  /** Messages that were sent, or config changes that happened, per client on average. */
  readonly taken: number;
}

const [protocol, how] = process.argv.slice(2);
const clients = 16;
/** The total size that a client would send or receive if it were read. It far exceeds any bound. */
const maxMessages = 2000;

const vhostUser = protocol === 'vhost-user';
const hello = vhostUser
  ? encodeFrame(16, u64(allProtocolFeatures))
  : encodeMessage({ id: 0, command: 1, flags: 0 }, encodeVersion(0, 0));
/** The longest possible request. Its reply is an error. */
const request = vhostUser
  ? encodeFrame(99, Buffer.alloc(maxPayload), { needReply: true })
  : encodeMessage({ id: 1, command: 99, flags: 0 }, Buffer.alloc(maxMessageBytes - HEADER_SIZE));

const used = (): number => {
  for (let time = 0; time < 3; time++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage(); // buffers are among what is external
  return heapUsed + external;
};

const directory = privateDirectory();
const options = { clock: 'frozen:2019-03-02T05:57:01Z', trace: noTrace };
const devices: Backend[] = [];
const channels: Channel[] = [];
for (let index = 0; index < clients; index++) {
  const own = join(directory.path, String(index));
  const served: Backend & { readonly functionSocket?: string } = vhostUser
    ? await startBackend(join(own, 'backend.sock'), options)
    : await startDevice(own, options);
  const channel = await connect(served.functionSocket ?? served.socket);
  await channel.write(hello);
  devices.push(served);
  channels.push(channel);
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await setImmediate();
};

let sent = 0;
let ended = false;

/** Sends until nothing more is accepted. */
const flood = async (channel: Channel): Promise<void> => {
  try {
    for (let count = 0; count < maxMessages; count++) {
      await channel.write(request);
      sent += 1;
    }
  } catch (error) {
    if (codeOf(error) !== 'SOCKET_CLOSED') throw error;
  }
};

const readSlowly = async (channel: Channel): Promise<void> => {
  while (!ended) {
    await channel.read(1);
    await setImmediate();
  }
};

/**
 * A client is stuck if nothing was accepted for many turns. One that reads slowly is checked after a while.
 */
const stuck = async (): Promise<void> => {
  for (let last = -1, round = 0; how === 'slowly' ? round < 20 : last !== sent; round++) {
    last = sent;
    await turns(50);
  }
};

const farEnds: number[] = [];

/** Gives the backend a channel that nobody reads. */
const offerBackChannel = async (channel: Channel): Promise<void> => {
  const [near, far] = socketPairFds();
  await channel.write(encodeFrame(21, Buffer.alloc(0), { needReply: true }), [near]);
  await channel.read(12 + 8);
  closeFd(near);
  farEnds.push(far);
};

/** Changes the device of each client repeatedly. */
const change = async (): Promise<void> => {
  for (const { vmmci } of devices) {
    vmmci.setGuestFeatures(7n);
    vmmci.setStatus(7);
  }
  for (; sent < maxMessages * clients; sent += clients) {
    for (const { vmmci } of devices) {
      vmmci.command('SYNCRTC');
      vmmci.writeConfig(0, Buffer.of(3));
    }
    if (sent % (50 * clients) === 0) await turns(1);
  }
};

if (how === 'changes') for (const channel of channels) await offerBackChannel(channel);
await turns(50);
const before = used();
const work: Promise<void>[] = [];
if (how === 'changes') await change();
else {
  work.push(...channels.map(flood), ...(how === 'slowly' ? channels.map(readSlowly) : []));
  await stuck();
}
const report: MemoryReport = {
  clients,
  perClient: Math.round((used() - before) / clients),
  message: request.length,
  taken: Math.round(sent / clients),
};
process.stdout.write(`${JSON.stringify(report)}\n`);
ended = true;
for (const channel of channels) channel.close();
for (const fd of farEnds) closeFd(fd);
await Promise.all(work);
for (const device of devices) await device.close();
directory.remove();
