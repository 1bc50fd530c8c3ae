// A front-end written independently from the vhost-user protocol (QEMU 11.1, interop/vhost-user): it uses
// none of our codec and only protocol features of the specification. The backend is the real device.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { privateDirectory } from '../socket/private-directory.js';
import { Vmmci } from '../vmmci/device.js';
import { generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';
import { listenBackend } from './listen.js';

const GET_FEATURES = 1;
const SET_FEATURES = 2;
const SET_OWNER = 3;
const GET_PROTOCOL_FEATURES = 15;
const SET_PROTOCOL_FEATURES = 16;
const SET_VRING_ENABLE = 18;
const GET_CONFIG = 24;
const SET_CONFIG = 25;
const SET_STATUS = 39;
const GET_STATUS = 40;

const version = 1;
const isReply = 4;
const wantsReply = 8;

const seconds = 0x5c7a1b2d;
const microseconds = 123_456;
const clock = {
  now: () => BigInt(seconds) * 1_000_000n + BigInt(microseconds),
  spec: 'by hand',
};

const words = (...values: number[]): Buffer => {
  const data = Buffer.alloc(4 * values.length);
  values.forEach((value, at) => void data.writeUInt32LE(value, 4 * at));
  return data;
};

const long = (value: bigint): Buffer => {
  const data = Buffer.alloc(8);
  data.writeBigUInt64LE(value);
  return data;
};

/** Reads exactly so many bytes from a Node.js socket. */
const take = async (socket: Socket, size: number): Promise<Buffer> => {
  for (;;) {
    const data: Buffer | null = size === 0 ? Buffer.alloc(0) : socket.read(size);
    if (data !== null) return data;
    await once(socket, 'readable');
  }
};

const speak = (socket: Socket) => {
  const tell = (request: number, payload: Buffer, flags = version) =>
    void socket.write(Buffer.concat([words(request, flags, payload.length), payload]));
  const hear = async (request: number): Promise<Buffer> => {
    const header = await take(socket, 12);
    const [got, flags, size] = [0, 4, 8].map((at) => header.readUInt32LE(at));
    if (got !== request || flags !== (version | isReply)) throw new Error(`reply ${got}, flags ${flags}`);
    return take(socket, size ?? 0);
  };
  return {
    tell,
    ask: (request: number, payload = Buffer.alloc(0)) => {
      tell(request, payload);
      return hear(request);
    },
    /** Sends a request with the need-reply flag; the reply 0 means success. */
    must: async (request: number, payload: Buffer) => {
      tell(request, payload, version | wantsReply);
      return (await hear(request)).readBigUInt64LE();
    },
  };
};

const set = (bits: readonly number[]): bigint => bits.reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n);

const REPLY_ACK = 3;
const CONFIG = 9;
const STATUS = 16;

const connected = async (t: Test, protocol: readonly number[]) => {
  const directory = privateDirectory();
  const device = new Vmmci({
    generation: generations['8.0'],
    clock,
    scheduler: new VirtualScheduler(),
  });
  const served = await listenBackend(join(directory.path, 'backend.sock'), device);
  const socket = connect(served.path);
  await once(socket, 'connect');
  t.teardown(async () => {
    socket.destroy();
    await served.close();
    directory.remove();
  });
  const { tell, ask, must } = speak(socket);
  const features = (await ask(GET_FEATURES)).readBigUInt64LE();
  const offered = (await ask(GET_PROTOCOL_FEATURES)).readBigUInt64LE();
  tell(SET_PROTOCOL_FEATURES, long(set(protocol)));
  tell(SET_OWNER, Buffer.alloc(0));
  /** The data of a config read; `undefined` if the payload is empty. */
  const read = async (offset: number, size: number): Promise<Buffer | undefined> => {
    const reply = await ask(GET_CONFIG, Buffer.concat([words(offset, size, 0), Buffer.alloc(size)]));
    if (reply.length === 0) return undefined;
    t.same(reply.subarray(0, 12), words(offset, size, 0), 'the reply repeats offset, size and flags');
    return reply.subarray(12);
  };
  const write = (offset: number, data: Buffer) =>
    must(SET_CONFIG, Buffer.concat([words(offset, data.length, 0), data]));
  return { device, features, offered, tell, ask, must, read, write };
};

t.test('the offered features', async (t) => {
  const { features, offered } = await connected(t, [CONFIG]);
  t.equal(
    features & 0xffff_ffffn,
    0x4000_0007n,
    'three features of the device, and the bit of protocol features',
  );
  for (const bit of [REPLY_ACK, CONFIG, STATUS])
    t.ok(offered & (1n << BigInt(bit)), `protocol feature ${bit}`);
});

t.test('each read returns the low bytes of a register, or no payload if none starts there', async (t) => {
  const { device, read } = await connected(t, [CONFIG]);
  device.setStatus(4);
  device.command('REBOOT');
  const registers = new Map([
    [0, 2],
    [4, seconds],
    [8, 0],
    [12, microseconds],
    [16, 0],
  ]);
  await read(4, 4); // takes the time
  const wrong: string[] = [];
  for (const size of [1, 2, 4]) {
    for (let offset = 0; offset + size <= 256; offset++) {
      const value = registers.get(offset);
      const expected = value === undefined ? undefined : words(value).subarray(0, size);
      const got = await read(offset, size);
      if (got?.toString('hex') !== expected?.toString('hex'))
        wrong.push(`${size} at ${offset}: ${got?.toString('hex')}, expected ${expected?.toString('hex')}`);
    }
  }
  t.same(wrong, []);
});

t.test('the whole block can be read at once, as the generic device of QEMU does', async (t) => {
  const { read } = await connected(t, [CONFIG]);
  t.same(await read(0, 20), words(0, seconds, 0, microseconds, 0));
  t.same(await read(4, 8), words(seconds, 0));
  t.same(await read(4, 16), words(seconds, 0, microseconds, 0));
  for (const [offset, size] of [
    [0, 21],
    [0, 24],
    [0, 256],
    [4, 17],
    [16, 5],
  ] as const)
    t.equal(await read(offset, size), undefined, `${size} at ${offset} end beyond the last register`);
  t.equal(await read(20, 4), undefined, 'there is nothing after it');
  t.equal(await read(1, 8), undefined, 'a read from the middle of a register returns nothing');
});

t.test('a read beyond the config space is refused with an empty payload', async (t) => {
  const { read } = await connected(t, [CONFIG]);
  for (const [offset, size] of [
    [256, 1],
    [253, 4],
    [0, 257],
    [0xffff_ffff, 4],
  ] as const)
    t.equal(await read(offset, size), undefined, `${size} at ${offset}`);
  t.same(await read(4, 4), words(seconds), 'the connection stays open');
});

t.test('a write of any width acknowledges a command, but only at its own offset', async (t) => {
  const { device, read, write } = await connected(t, [CONFIG, REPLY_ACK]);
  device.setStatus(4);
  device.setGuestFeatures(7n);
  for (const size of [1, 2, 4, 20]) {
    device.command('SYNCRTC');
    t.same(await read(0, 4), words(3));
    const three = Buffer.alloc(size);
    three[0] = 3;
    for (const offset of [1, 4, 16, 20]) t.equal(await write(offset, three), 0n, 'no register: ignored');
    t.same(await read(0, 4), words(3));
    t.equal(await write(0, three), 0n);
    t.same(await read(0, 4), words(0), `${size} bytes`);
  }
});

t.test(
  'if a front-end sends no status beyond FEATURES_OK, the driver is up while its rings are enabled',
  async (t) => {
    for (const protocol of [
      [CONFIG, REPLY_ACK, STATUS],
      [CONFIG, REPLY_ACK],
    ]) {
      const { ask, device, must } = await connected(t, protocol);
      const enable = (value: number) => must(SET_VRING_ENABLE, words(0, value));
      await must(SET_FEATURES, long(7n));
      if (protocol.includes(STATUS)) await must(SET_STATUS, long(8n));
      t.equal(await enable(1), 0n);
      t.equal(device.command('SYNCRTC'), 'sent');
      t.equal(await enable(0), 0n);
      t.equal(device.command('REBOOT'), 'no-driver');
      t.equal(await enable(1), 0n);
      t.equal(device.command('REBOOT'), 'sent');
      if (protocol.includes(STATUS)) t.equal((await ask(GET_STATUS)).readBigUInt64LE(), 0xcn);
    }
  },
);

t.test('if a front-end sends the whole status, that decides, and not the rings', async (t) => {
  const { device, must } = await connected(t, [CONFIG, REPLY_ACK, STATUS]);
  await must(SET_FEATURES, long(7n));
  for (const [status, enabled, result] of [
    [3, 1, 'no-driver'],
    [0xf, 0, 'sent'],
  ] as const) {
    await must(SET_STATUS, long(BigInt(status)));
    await must(SET_VRING_ENABLE, words(0, enabled));
    t.equal(device.command('SYNCRTC'), result);
  }
});

t.test('the driver is up with DRIVER_OK, or with its features if STATUS is not negotiated', async (t) => {
  const withStatus = await connected(t, [CONFIG, REPLY_ACK, STATUS]);
  t.equal(await withStatus.must(SET_FEATURES, long(7n)), 0n);
  t.equal(withStatus.device.command('SYNCRTC'), 'no-driver');
  t.equal(await withStatus.must(SET_STATUS, long(7n)), 0n);
  t.equal((await withStatus.ask(GET_STATUS)).readBigUInt64LE(), 7n);
  t.equal(withStatus.device.command('SYNCRTC'), 'sent');

  const without = await connected(t, [CONFIG, REPLY_ACK]);
  t.equal(await without.must(SET_STATUS, long(7n)), 1n, 'refused: it was not negotiated');
  t.equal(without.device.command('SYNCRTC'), 'no-driver');
  t.equal(await without.must(SET_FEATURES, long(7n)), 0n);
  t.equal(without.device.command('SYNCRTC'), 'sent');
});
