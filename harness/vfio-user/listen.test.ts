import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { temporaryDirectory } from '../base/temporary-directory.js';
import { Trace } from '../base/trace.js';
import type { Channel } from '../socket/channel.js';
import { connect } from '../socket/connect.js';
import { closeFd, eventFd } from '../socket/descriptor.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { encodeDmaMap, encodeDmaUnmap } from '../testing/vfio-user-requests.js';
import { Client } from './client.js';
import { command } from './command.js';
import { encodeMessage } from './header.js';
import { serveFunction } from './listen.js';
import { encodeAccess } from './region-access.js';
import { encodeSetIrqs } from './set-irqs.js';
import type { Target } from './target.js';
import { encodeVersion } from './version.js';

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

/** A target with one region of 16 bytes of memory. */
const memoryTarget = () => {
  const memory = Buffer.alloc(16);
  let trigger: number | null = null;
  const target: Target = {
    regions: [{ index: 0, size: memory.length, flags: 3 }],
    read: async (_, offset, count) => Buffer.from(memory.subarray(offset, offset + count)),
    write: async (_, offset, data) => void data.copy(memory, offset),
    reset: async () => void memory.fill(0),
    arm: (fd) => {
      if (trigger !== null) closeFd(trigger);
      trigger = fd;
    },
    loopback: () => trigger !== null,
    mask: () => {},
    unmask: () => {},
  };
  return target;
};

const setUp = async (t: Test, target: Target = memoryTarget()) => {
  const directory = temporaryDirectory().path;
  const path = join(directory, 'function.sock');
  const trace = new Trace();
  const served = await serveFunction(path, target, { trace: trace.sink });
  t.teardown(async () => {
    await served.close();
    rmSync(directory, { recursive: true });
  });
  const enter = async (): Promise<[Client, Channel]> => {
    const channel = await connect(path);
    return [new Client(channel), channel];
  };
  return { path, trace, served, enter };
};

t.test('one client at a time is served, and any number in succession', async (t) => {
  const { enter, trace } = await setUp(t);
  const [first] = await enter();
  await first.negotiate();
  await first.write(0, 4, 0xcafe);
  const [second] = await enter();
  await t.rejects(second.negotiate(), { code: 'SOCKET_CLOSED' });
  t.equal(await first.read(0, 4), 0xcafe, 'the first is not affected');
  for (let round = 0; round < 20; round++) {
    const [previous] = round === 0 ? [first] : [];
    previous?.close();
    const [next] = await enter(); // at once, as a hot-unplugged and -plugged device does
    await next.negotiate();
    t.equal(await next.read(0, 4), 0xcafe, 'the state of the function stays');
    next.close();
  }
  t.equal(trace.since(0, 'vfio-user').filter(({ event }) => event === 'busy').length, 1);
});

t.test('a client that leaves with unread messages can be followed at once', async (t) => {
  const target = memoryTarget();
  // As with a backend in another process, an answer takes some turns of the event loop.
  const read: Target['read'] = async (...access) => {
    await turns(2);
    return target.read(...access);
  };
  const { enter, trace } = await setUp(t, { ...target, read });
  const [client, channel] = await enter();
  await client.negotiate();
  const request = encodeMessage({ id: 1, command: command.REGION_READ, flags: 0x10 }, encodeAccess(0n, 0, 4));
  await channel.write(Buffer.concat(Array.from({ length: 100 }, () => request)));
  channel.close();
  const [next] = await enter();
  const [another] = await enter();
  await next.negotiate();
  await t.rejects(another.negotiate(), { code: 'SOCKET_CLOSED' }, 'one at a time');
  next.close();
  t.equal(trace.since(0, 'vfio-user').filter(({ event }) => event === 'busy').length, 1);
});

t.test('closing disconnects the client and removes the socket', async (t) => {
  const { enter, served, path } = await setUp(t);
  const [client, channel] = await enter();
  await client.negotiate();
  await served.close();
  t.equal(await channel.read(1), null);
  t.equal(existsSync(path), false);
  channel.close();
});

t.test('a descriptor of the wrong kind is closed and refused, and the connection stays open', async (t) => {
  const { enter } = await setUp(t);
  const [client] = await enter();
  await client.negotiate();
  const event = eventFd();
  const file = openSync('/dev/null', 'r');
  const before = openDescriptors();
  await t.rejects(client.arm(file), { code: 'PROTOCOL', message: /errno 22/ });
  t.equal(openDescriptors(), before);
  await client.arm(event);
  t.equal(openDescriptors(), before + 1, 'only the eventfd stays open');
  await t.rejects(client.arm(file), { code: 'PROTOCOL' });
  t.equal(openDescriptors(), before + 1);
  await client.arm(null);
  t.equal(openDescriptors(), before);
  await client.arm(event);
  client.close();
  closeSync(file);
  closeFd(event);
  const [next] = await enter();
  await next.negotiate();
  t.equal(openDescriptors(), before - 2, 'the eventfd is closed when its client leaves');
  next.close();
});

/** Messages, some of them with descriptors. */
const messages = (fd: number): { data: Buffer; fds: number[] }[] => {
  const map = { flags: 3, offset: 0n, address: 0x1000n, size: 0x1000n };
  const list: [number, Buffer, number[]][] = [
    [command.VERSION, encodeVersion(0, 0, { max_msg_fds: 8 }), []],
    [command.DMA_MAP, encodeDmaMap(map), [fd]],
    [command.REGION_WRITE, encodeAccess(0n, 0, 4, Buffer.from('beef')), []],
    [command.DEVICE_SET_IRQS, encodeSetIrqs({ flags: 0x24, index: 0, start: 0, count: 1 }), [fd]],
    [command.DEVICE_SET_IRQS, encodeSetIrqs({ flags: 0x21, index: 0, start: 0, count: 0 }), []],
    [command.DMA_UNMAP, encodeDmaUnmap(map), []],
    [command.REGION_READ, encodeAccess(0n, 0, 4), []],
  ];
  return list.map(([number, body, fds], id) => ({
    data: encodeMessage({ id, command: number, flags: 0 }, body),
    fds,
  }));
};

const answers = Buffer.concat([
  encodeMessage({ id: 0, command: 1, flags: 1 }, encodeVersion(0, 0, { max_msg_fds: 8 })),
  encodeMessage({ id: 1, command: 2, flags: 1 }),
  encodeMessage({ id: 2, command: 10, flags: 1 }, encodeAccess(0n, 0, 4)),
  encodeMessage({ id: 3, command: 8, flags: 1 }),
  encodeMessage({ id: 4, command: 8, flags: 1 }),
  encodeMessage({ id: 5, command: 3, flags: 1 }, encodeDmaUnmap({ address: 0x1000n, size: 0x1000n })),
  encodeMessage({ id: 6, command: 9, flags: 1 }, encodeAccess(0n, 0, 4, Buffer.from('beef'))),
]);

t.test('messages may arrive byte by byte or all at once', async (t) => {
  const { enter } = await setUp(t);
  const event = eventFd();
  const before = openDescriptors();
  const [, slow] = await enter();
  for (const { data, fds } of messages(event))
    for (let at = 0; at < data.length; at++) {
      await slow.write(data.subarray(at, at + 1), at === 0 ? fds : []);
      await turns(1);
    }
  t.same((await slow.read(answers.length))?.data, answers, 'single bytes');
  slow.close();
  const [, fast] = await enter();
  // A write sends descriptors with its first byte only, so a new write starts at each message that has some.
  const writes: { data: Buffer[]; fds: number[] }[] = [];
  for (const { data, fds } of messages(event)) {
    const last = writes.at(-1);
    if (last === undefined || fds.length > 0) writes.push({ data: [data], fds });
    else last.data.push(data);
  }
  for (const { data, fds } of writes) await fast.write(Buffer.concat(data), fds);
  t.same((await fast.read(answers.length))?.data, answers, 'glued');
  fast.close();
  const [next] = await enter();
  await next.negotiate();
  next.close();
  await turns(20);
  t.equal(openDescriptors(), before);
  closeFd(event);
});

t.test('a client that never reads blocks only itself, and memory is bounded', async (t) => {
  const { enter } = await setUp(t);
  const [client, channel] = await enter();
  await client.negotiate();
  const request = encodeMessage({ id: 1, command: command.REGION_READ, flags: 0 }, encodeAccess(0n, 0, 16));
  let sent = 0;

  const flood = (async () => {
    while (sent < 100_000) {
      await channel.write(request);
      sent++;
    }
  })().catch((error: unknown) => {
    t.match(error, { code: 'SOCKET_CLOSED' });
  });
  for (let last = -1; last !== sent; await turns(50)) last = sent;

  t.ok(sent < 100_000, 'the server reads no more requests when nobody reads its answers');
  channel.close();
  await flood;
});
