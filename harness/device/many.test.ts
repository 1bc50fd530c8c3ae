// Tests many peers in one process: of one device, which serves one at a time, and of as many devices.

import { join } from 'node:path';
import t from 'tap';
import { Trace } from '../base/trace.js';
import type { Channel } from '../socket/channel.js';
import { connect } from '../socket/connect.js';
import { privateDirectory } from '../socket/private-directory.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { Client } from '../vfio-user/client.js';
import { formatInstant } from '../vmmci/instant.js';
import { startDevice } from './device.js';

const peerCount = 256;

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

t.test(
  `${peerCount} connections to each socket: one is served undisturbed, the others are closed`,
  async (t) => {
    const before = openDescriptors();
    const directory = privateDirectory();
    const trace = new Trace();
    const clock = 'frozen:2019-03-02T05:57:01Z';
    const device = await startDevice(directory.path, { clock, trace: trace.sink });
    const client = new Client(await connect(device.functionSocket)); // the function is the one client of the backend
    await client.negotiate();
    const crowd: Channel[] = [];
    for (const path of [device.socket, device.functionSocket])
      for (let index = 1; index < peerCount; index++) crowd.push(await connect(path));
    let closed = 0;
    const ends = crowd.map(async (channel) => {
      const answer = await channel.read(1);
      if (answer === null) closed += 1;
      channel.close();
    });
    let wrong = 0;
    while (closed < crowd.length) {
      if ((await client.read(24, 4)) !== 0x5c7a1b2d) wrong += 1; // through both sockets
      await turns(1);
    }
    await Promise.all(ends);
    t.equal(wrong, 0, 'wrong values read meanwhile');
    const refused = (kind: 'vhost-user' | 'vfio-user') =>
      trace.since(0, kind).filter(({ event }) => event === 'busy').length;
    t.equal(refused('vhost-user'), peerCount - 1);
    t.equal(refused('vfio-user'), peerCount - 1);
    client.close();
    await device.close();
    await turns(4);
    t.equal(openDescriptors(), before);
    directory.remove();
  },
);

t.test(
  `${peerCount} devices in one process, each with a client, are independent`,
  { timeout: 300_000 },
  async (t) => {
    const before = openDescriptors();
    const directory = privateDirectory();
    const trace = new Trace();
    const second = (index: number): number => 1_551_506_221 + 1000 * index;
    const machines: { client: Client; close: () => Promise<void> }[] = [];
    for (let index = 0; index < peerCount; index++) {
      const clock = `frozen:${formatInstant(BigInt(second(index)) * 1_000_000n)}`;
      const device = await startDevice(join(directory.path, String(index)), { clock, trace: trace.sink });
      const client = new Client(await connect(device.functionSocket));
      machines.push({
        client,
        close: async () => {
          client.close();
          await device.close();
        },
      });
    }
    const forEach = <T>(ask: (client: Client, index: number) => Promise<T>): Promise<T[]> =>
      Promise.all(machines.map(({ client }, index) => ask(client, index)));
    await forEach((client) => client.negotiate());
    await forEach((client, index) => client.write(4, 4, index));
    const wrong: string[] = [];
    for (let round = 0; round < 4; round++) {
      const seconds = await forEach((client) => client.read(24, 4));
      const features = await forEach((client) => client.read(4, 4));
      for (let index = 0; index < peerCount; index++)
        if (seconds[index] !== second(index) || features[index] !== index)
          wrong.push(`${index}: ${seconds[index]}, ${features[index]}`);
    }
    t.same(wrong, []);
    await Promise.all(machines.map(({ close }) => close()));
    await turns(4);
    t.equal(openDescriptors(), before);
    directory.remove();
  },
);
