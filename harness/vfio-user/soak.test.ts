// Many clients and many messages in one process. SOAK_MESSAGES sets the number of messages.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { connect } from '../socket/connect.js';
import { closeFd, eventFd } from '../socket/descriptor.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { encodeDmaMap, encodeDmaUnmap } from '../testing/vfio-user-requests.js';
import { Client } from './client.js';
import { command } from './command.js';
import { serveFunction } from './listen.js';
import { encodeSetIrqs } from './set-irqs.js';
import type { Target } from './target.js';

// Upper bound, so that a hang is still detected, however many messages the environment asks for.
t.setTimeout(300_000);

const messageCount = Number(process.env.SOAK_MESSAGES ?? 3000);
const clientCount = 256;

const target = (): Target => {
  let trigger: number | null = null;
  const memory = Buffer.alloc(4);
  return {
    regions: [{ index: 0, size: 4, flags: 3 }],
    read: async (_, offset, count) => Buffer.from(memory.subarray(offset, offset + count)),
    write: async (_, offset, data) => void data.copy(memory, offset),
    reset: async () => {},
    arm: (fd) => {
      if (trigger !== null) closeFd(trigger);
      trigger = fd;
    },
    loopback: () => trigger !== null,
    mask: () => {},
    unmask: () => {},
  };
};

const directory = temporaryDirectory().path;
t.teardown(() => rmSync(directory, { recursive: true }));
const path = (name: string | number) => join(directory, `${name}.sock`);

t.test('messages with descriptors leak none', async (t) => {
  const served = await serveFunction(path('one'), target());
  const client = new Client(await connect(served.path));
  await client.negotiate();
  const event = eventFd();
  await client.arm(event);
  const before = openDescriptors();
  const range = { offset: 0n, address: 0x1000n, size: 0x1000n };
  const irqs = { index: 0, start: 0, count: 1 };
  /** In turn: kept, accepted and closed, refused because of their kind or number. */
  const conversation: (() => Promise<unknown>)[] = [
    () => client.arm(event),
    () => client.must(command.DMA_MAP, encodeDmaMap({ flags: 3, ...range }), [event]),
    () => client.must(command.DMA_UNMAP, encodeDmaUnmap(range)),
    () => client.request(command.DEVICE_RESET, undefined, [event, event]),
    () => client.request(99, undefined, [event]),
    () => client.post(command.DEVICE_SET_IRQS, encodeSetIrqs({ flags: 0x24, ...irqs }), [event]),
    () => client.request(command.DEVICE_SET_IRQS, encodeSetIrqs({ flags: 0x14, ...irqs }), [event]),
  ];
  for (let count = 0; count < messageCount; count++) await conversation[count % conversation.length]?.();
  await client.read(0, 4);
  t.equal(openDescriptors(), before);
  client.close();
  await served.close();
  closeFd(event);
});

t.test(`${clientCount} functions, each with a client, work in parallel`, async (t) => {
  const before = openDescriptors();
  const served = await Promise.all(
    Array.from({ length: clientCount }, (_, index) => serveFunction(path(index), target())),
  );
  const clients = await Promise.all(served.map(async ({ path }) => new Client(await connect(path))));
  await Promise.all(clients.map((client) => client.negotiate()));
  await Promise.all(clients.map((client, index) => client.write(0, 4, index)));
  const values = await Promise.all(clients.map((client) => client.read(0, 4)));
  t.same(
    values,
    clients.map((_, index) => index),
  );
  for (const client of clients) client.close();
  await Promise.all(served.map((one) => one.close()));
  t.equal(openDescriptors(), before);
});
