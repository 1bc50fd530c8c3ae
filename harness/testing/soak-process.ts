// A process that counts its descriptors before and after many messages and prints one line of JSON. Tests
// start it as node soak-process.js vhost-user|vfio-user MESSAGES. In the process of the test, tap's tracking
// of promises would take longer than the messages.

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { noTrace } from '../base/trace.js';
import { type Backend, startBackend, startDevice } from '../device/device.js';
import type { Channel } from '../socket/channel.js';
import { connect } from '../socket/connect.js';
import { closeFd, eventFd, socketPairFds } from '../socket/descriptor.js';
import { privateDirectory } from '../socket/private-directory.js';
import { openDescriptors } from './open-descriptors.js';
import { type Message, vfioUserConversation, vhostUserConversation } from './soak-conversations.js';

export interface SoakReport {
  readonly messages: number;
  /** The number of descriptors that were sent. */
  readonly sent: number;
  readonly before: number;
  readonly after: number;
  /** The number of rounds whose replies differ from those of the first round. */
  readonly different: number;
}

const [protocol, count] = process.argv.slice(2);

// Nobody reads the stacks of the refused messages, and recording them would take an eighth of the time.
Error.stackTraceLimit = 0;

interface Write {
  readonly data: Buffer;
  readonly fds: readonly number[];
}

/**
 * Joins messages into few writes. A message with descriptors begins a write, because they go with its first
 * byte.
 */
const glue = (messages: readonly Message[]): Write[] => {
  const writes: { data: Buffer[]; fds: readonly number[] }[] = [];
  for (const { data, fds } of messages) {
    const last = writes.at(-1);
    if (last === undefined || fds.length > 0) writes.push({ data: [data], fds });
    else last.data.push(data);
  }
  return writes.map(({ data, fds }) => ({ data: Buffer.concat(data), fds }));
};

/** Returns a function that sends the messages and resolves with the replies. */
const conversation = (channel: Channel, messages: readonly Message[]): (() => Promise<Buffer>) => {
  const size = messages.reduce((sum, { reply }) => sum + reply, 0);
  const writes = glue(messages);
  return async () => {
    const answers = size === 0 ? undefined : channel.read(size);
    for (const { data, fds } of writes) await channel.write(data, fds);
    return (await answers)?.data ?? Buffer.alloc(0);
  };
};

/** Waits some turns of the event loop: a replaced backend channel is closed one turn later. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await setImmediate();
};

const directory = privateDirectory();
const options = { clock: 'frozen:2019-03-02T05:57:01Z', trace: noTrace };
const served: Pick<Backend, 'socket' | 'close'> & { readonly functionSocket?: string } =
  protocol === 'vhost-user'
    ? await startBackend(join(directory.path, 'backend.sock'), options)
    : await startDevice(directory.path, options);
const channel = await connect(served.functionSocket ?? served.socket);
const event = eventFd();
const [near, far] = socketPairFds();
const make = protocol === 'vhost-user' ? vhostUserConversation : vfioUserConversation;
const { hello, round } = make(event, near);

await conversation(channel, [hello])();
const converse = conversation(channel, round);
const first = await converse();
await settle();
const before = openDescriptors();
let messages = 0;
let different = 0;
while (messages < Number(count)) {
  if (!(await converse()).equals(first)) different += 1;
  messages += round.length;
}
await settle();
const perRound = round.reduce((sum, { fds }) => sum + fds.length, 0);
const report: SoakReport = {
  messages,
  sent: (messages / round.length) * perRound,
  before,
  after: openDescriptors(),
  different,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
channel.close();
await served.close();
for (const fd of [event, near, far]) closeFd(fd);
directory.remove();
