// Both ends over a real socket pair.

import t, { type Test } from 'tap';
import { codeOf } from '../base/errors.js';
import type { Channel } from '../socket/channel.js';
import { closeFd, eventFd } from '../socket/descriptor.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { socketPair } from '../testing/socket-pair.js';
import { BackendSession } from './backend.js';
import type { BackendDevice } from './device.js';
import { encodeFrame, readFrame } from './frame.js';
import { type FrontEnd, type FrontEndOptions, startFrontEnd } from './front-end.js';
import { encodeConfig, ring, u64 } from './payload.js';
import { requests } from './requests.js';

interface FakeDevice extends BackendDevice {
  readonly calls: string[];
  change(): void;
}

const fakeDevice = (): FakeDevice => {
  const calls: string[] = [];
  const listeners = new Set<() => void>();
  let status = 0;
  return {
    calls,
    hostFeatures: 7,
    readConfig: (offset, size) =>
      offset % 4 === 0 && offset < 20 ? Buffer.alloc(size, 0x40 + offset) : Buffer.alloc(0),
    writeConfig: (offset, data) => void calls.push(`write ${offset} ${data.toString('hex')}`),
    setGuestFeatures: (value) => void calls.push(`features ${value}`),
    setStatus: (value) => {
      status = value;
      calls.push(`status ${value}`);
    },
    driverUp: () => void calls.push('driver up'),
    state: () => ({ status }),
    reset: () => void calls.push('reset'),
    onConfigChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    change: () => {
      for (const listener of listeners) listener();
    },
  };
};

const connected = (t: Test): { device: FakeDevice; channel: Channel; done: Promise<void> } => {
  const device = fakeDevice();
  const [channel, theirs] = socketPair();
  const done = new BackendSession(theirs, device).run();
  t.teardown(async () => {
    channel.close();
    await done;
    await new Promise(setImmediate); // the front-end's end of the back channel goes a turn later
  });
  return { device, channel, done };
};

const both = async (t: Test): Promise<{ device: FakeDevice; frontEnd: FrontEnd; done: Promise<void> }> => {
  const { device, channel, done } = connected(t);
  return { device, frontEnd: await startFrontEnd(channel), done };
};

t.test('the front-end sends offset and width and gets the data of the backend', async (t) => {
  const { device, frontEnd } = await both(t);
  t.equal(frontEnd.features & 0xffff_ffffn, 7n);
  t.same(await frontEnd.getConfig(4, 4), Buffer.alloc(4, 0x44));
  t.same(await frontEnd.getConfig(4, 1), Buffer.alloc(4, 0x44), 'our backend returns the whole register');
  t.equal((await frontEnd.getConfig(5, 1)).length, 0, 'no register starts there');
  t.equal((await frontEnd.getConfig(0, 20)).length, 20);
  await frontEnd.setFeatures(7n);
  await frontEnd.setStatus(15);
  await frontEnd.setConfig(0, Buffer.from([2, 0, 0, 0]));
  await frontEnd.resetDevice();
  t.same(device.calls, ['features 7', 'status 15', 'write 0 02000000', 'reset']);
});

t.test('each config change is reported, and simultaneous ones are not lost', async (t) => {
  const { device, frontEnd } = await both(t);
  for (let round = 0; round < 3; round++) {
    const changed = new Promise<void>((resolve) => {
      const stop = frontEnd.onConfigChange(() => {
        stop();
        resolve();
      });
    });
    device.change();
    await changed;
  }
  t.pass('three changes, three messages');
});

t.test('a session that ends leaks no descriptor on either side', async (t) => {
  const before = openDescriptors();
  const { frontEnd, done } = await both(t);
  frontEnd.close();
  await done;
  await new Promise(setImmediate);
  t.equal(openDescriptors(), before);
});

t.test('invalid messages are refused', async (t) => {
  const { GET_CONFIG, SET_CONFIG, SET_STATUS, SET_VRING_BASE, GET_VRING_BASE, SET_FEATURES } = requests;
  const config = encodeConfig(0, Buffer.alloc(4));
  const lying = Buffer.from(config);
  lying.writeUInt32LE(200, 4);
  const beyond = encodeConfig(0xffff_fffe, Buffer.alloc(4));
  const cases: [string, number, Buffer, 'empty' | 'nack' | 'closed'][] = [
    ['a config size that is not that of the data', GET_CONFIG.id, lying, 'empty'],
    ['a config offset that would wrap around', GET_CONFIG.id, beyond, 'empty'],
    ['a config payload without its header', GET_CONFIG.id, Buffer.alloc(3), 'empty'],
    ['a write beyond the config space', SET_CONFIG.id, beyond, 'nack'],
    ['a status of more than 8 bits', SET_STATUS.id, u64(0x100n), 'nack'],
    ['features of 4 bytes', SET_FEATURES.id, Buffer.alloc(4), 'nack'],
    ['a ring that there is not', SET_VRING_BASE.id, ring(8, 0), 'nack'],
    ['a ring that there is not, where only a reply can be given', GET_VRING_BASE.id, ring(8, 0), 'closed'],
    ['a request that nobody knows', 99, Buffer.alloc(0), 'nack'],
  ];
  for (const [name, id, payload, expected] of cases) {
    await t.test(name, async (t) => {
      const { channel, device, done } = connected(t);
      const protocol = u64((1n << 3n) | (1n << 9n) | (1n << 16n));
      await channel.write(encodeFrame(requests.SET_PROTOCOL_FEATURES.id, protocol));
      await channel.write(encodeFrame(id, payload, { needReply: true }));
      const frame = await readFrame(channel);
      if (expected === 'closed') {
        t.equal(frame, null);
        await done;
        return;
      }
      t.same(frame?.payload, expected === 'empty' ? Buffer.alloc(0) : u64(1n));
      t.same(device.calls, [], 'the device was not called');
      await channel.write(encodeFrame(requests.GET_STATUS.id, Buffer.alloc(0)));
      t.same((await readFrame(channel))?.payload, u64(0n), 'the connection stays open');
    });
  }
});

t.test('a peer that violates the protocol is disconnected', async (t) => {
  const wrongVersion = encodeFrame(1, Buffer.alloc(0));
  wrongVersion.writeUInt32LE(2, 4);
  const huge = encodeFrame(1, Buffer.alloc(0));
  huge.writeUInt32LE(0xffff_ffff, 8);
  const reply = encodeFrame(1, Buffer.alloc(0), { reply: true });
  for (const [name, bytes] of Object.entries({ wrongVersion, huge, reply })) {
    const { channel, done } = connected(t);
    await channel.write(bytes);
    t.equal(await channel.read(1), null, name);
    await done;
  }
});

t.test('unexpected descriptors are closed, and the connection stays open', async (t) => {
  const { channel } = connected(t);
  await channel.write(encodeFrame(requests.SET_PROTOCOL_FEATURES.id, u64(1n << 5n)));
  await channel.write(encodeFrame(requests.GET_FEATURES.id, Buffer.alloc(0)));
  await readFrame(channel);
  const before = openDescriptors();
  const trigger = eventFd();
  await channel.write(encodeFrame(requests.SET_BACKEND_REQ_FD.id, Buffer.alloc(0)), [trigger]);
  await channel.write(encodeFrame(requests.SET_VRING_CALL.id, u64(0n)), [trigger]);
  closeFd(trigger);
  await channel.write(encodeFrame(requests.GET_FEATURES.id, Buffer.alloc(0)));
  t.ok(await readFrame(channel), 'an eventfd instead of a socket is only refused');
  t.equal(openDescriptors(), before);
});

/** Blocks this process, as a signal or a host without a free CPU does. */
const standStill = (ms: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

t.test('the error for a backend that violates the protocol says how', async (t) => {
  const answering = async (
    answer: (channel: Channel) => Promise<void>,
    options: FrontEndOptions = {},
  ): Promise<unknown> => {
    const [ours, theirs] = socketPair();
    const starting = startFrontEnd(ours, options).catch((error: unknown) => error);
    await readFrame(theirs);
    await answer(theirs);
    const error = await starting;
    t.notOk(ours.isOpen);
    theirs.close();
    t.equal(codeOf(error), 'PROTOCOL');
    return error;
  };
  const write = (bytes: Buffer) => (channel: Channel) => channel.write(bytes);
  t.match(await answering(async (channel) => channel.close()), { message: /left before it answered/ });
  const silent = answering(async () => {}, { replyTimeoutMs: 20 });
  t.match(await silent, { message: /no reply to GET_FEATURES within 20 ms/ });
  const late = async (channel: Channel): Promise<void> => {
    standStill(400);
    await channel.write(encodeFrame(2, u64(0n), { reply: true }));
  };
  t.match(await answering(late, { replyTimeoutMs: 20 }), { message: /got request 2/ }, 'we stood still');
  t.match(await answering(write(encodeFrame(2, u64(0n), { reply: true }))), { message: /got request 2/ });
  t.match(await answering(write(encodeFrame(1, Buffer.alloc(4), { reply: true }))), {
    message: /has 4 bytes/,
  });
  t.match(await answering(write(encodeFrame(1, u64(7n), { reply: true }))), {
    message: /no protocol features/,
  });
});
