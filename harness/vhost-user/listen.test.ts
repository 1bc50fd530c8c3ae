// The backend's own socket: which front-ends are accepted, and how messages may be split.

import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Trace } from '../base/trace.js';
import type { Channel } from '../socket/channel.js';
import { connect } from '../socket/connect.js';
import { closeFd, eventFd, socketPairFds } from '../socket/descriptor.js';
import { privateDirectory } from '../socket/private-directory.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { Vmmci } from '../vmmci/device.js';
import { generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { allProtocolFeatures } from './features.js';
import { encodeFrame } from './frame.js';
import { startFrontEnd } from './front-end.js';
import { listenBackend } from './listen.js';
import { encodeConfig, u64 } from './payload.js';
import { type RequestName, requests } from './requests.js';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

const setUp = async (t: Test) => {
  const directory = privateDirectory();
  const trace = new Trace();
  const device = new Vmmci({
    generation: generations['8.0'],
    clock: { now: () => 0x5c7a1b2dn * 1_000_000n, spec: 'test' },
    scheduler: new VirtualScheduler(),
  });
  const served = await listenBackend(join(directory.path, 'backend.sock'), device, { trace: trace.sink });
  t.teardown(async () => {
    await served.close();
    directory.remove();
  });
  return { device, trace, enter: (): Promise<Channel> => connect(served.path) };
};

t.test('one front-end at a time is served, and any number in succession', async (t) => {
  const { device, enter, trace } = await setUp(t);
  const first = await startFrontEnd(await enter());
  await first.setStatus(7);
  await t.rejects(enter().then(startFrontEnd), { code: 'PROTOCOL', message: /left before it answered/ });
  t.same(await first.getConfig(4, 4), Buffer.from('2d1b7a5c', 'hex'), 'the first is not affected');
  first.close();
  for (let round = 0; round < 20; round++) {
    const next = await startFrontEnd(await enter()); // at once, as a function that lost its backend does
    t.equal(device.state().status, 7, 'the state of the device stays');
    next.close();
  }
  t.equal(trace.since(0, 'vhost-user').filter(({ event }) => event === 'busy').length, 1);
});

/** Messages, some of them with descriptors, and the expected answers. */
const conversation = (event: number, socket: number) => {
  const ask = (name: RequestName, payload: Buffer, fds: number[] = []) => ({
    data: encodeFrame(requests[name].id, payload, { needReply: true }),
    fds,
  });
  const answer = (name: RequestName, payload: Buffer) =>
    encodeFrame(requests[name].id, payload, { reply: true });
  const three = encodeConfig(0, Buffer.of(3, 0, 0, 0));
  const clock = encodeConfig(4, Buffer.from('2d1b7a5c', 'hex'));
  const status = Array.from({ length: 3 }, () => ask('SET_STATUS', u64(7n)));
  return {
    messages: [
      ask('SET_PROTOCOL_FEATURES', u64(allProtocolFeatures)),
      ask('SET_VRING_CALL', u64(0n), [event]),
      ...status,
      ask('SET_BACKEND_REQ_FD', Buffer.alloc(0), [socket]),
      ask('SET_CONFIG', three),
      ask('SET_VRING_KICK', u64(0n)), // a descriptor is missing: refused
      ask('GET_CONFIG', encodeConfig(4, Buffer.alloc(4))),
      ask('GET_CONFIG', encodeConfig(5, Buffer.alloc(4))),
    ],
    answers: Buffer.concat([
      answer('SET_PROTOCOL_FEATURES', u64(0n)),
      answer('SET_VRING_CALL', u64(0n)),
      ...status.map(() => answer('SET_STATUS', u64(0n))),
      answer('SET_BACKEND_REQ_FD', u64(0n)),
      answer('SET_CONFIG', u64(0n)),
      answer('SET_VRING_KICK', u64(1n)),
      answer('GET_CONFIG', clock),
      answer('GET_CONFIG', Buffer.alloc(0)),
    ]),
  };
};

t.test('messages may arrive byte by byte or all at once', async (t) => {
  const { enter } = await setUp(t);
  const event = eventFd();
  const [near, far] = socketPairFds();
  const before = openDescriptors();
  const { messages, answers } = conversation(event, near);

  const slow = await enter();
  for (const { data, fds } of messages)
    for (let at = 0; at < data.length; at++) {
      await slow.write(data.subarray(at, at + 1), at === 0 ? fds : []);
      await turns(1);
    }
  t.same((await slow.read(answers.length))?.data, answers, 'single bytes');
  slow.close();

  const fast = await enter();
  // A write sends descriptors with its first byte only, so a new write starts at each message that has some.
  const writes: { data: Buffer[]; fds: number[] }[] = [];
  for (const { data, fds } of messages) {
    const last = writes.at(-1);
    if (last === undefined || fds.length > 0) writes.push({ data: [data], fds });
    else last.data.push(data);
  }
  for (const { data, fds } of writes) await fast.write(Buffer.concat(data), fds);
  t.same((await fast.read(answers.length))?.data, answers, 'glued');
  fast.close();

  (await startFrontEnd(await enter())).close(); // the one before has left by now
  await turns(20);
  t.equal(openDescriptors(), before);
  for (const fd of [event, near, far]) closeFd(fd);
});
