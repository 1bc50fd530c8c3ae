// Random and hostile input to a backend.

import fc from 'fast-check';
import t from 'tap';
import { codeOf } from '../base/errors.js';
import type { Channel } from '../socket/channel.js';
import { closeFd, eventFd, socketPairFds } from '../socket/descriptor.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { socketPair } from '../testing/socket-pair.js';
import {
  encode,
  HEADER,
  type Message,
  makeDevice,
  message,
  options,
  slow,
  u32,
} from '../testing/vhost-user-messages.js';
import { BackendSession } from './backend.js';
import { allProtocolFeatures } from './features.js';
import { decodeHeader, encodeFrame, maxPayload, readFrame } from './frame.js';
import { handlers } from './handlers.js';
import { checkShape, decodeConfig, encodeConfig, u64 } from './payload.js';
import { requestName, requests } from './requests.js';
import { Rings } from './rings.js';

// Upper bound, so that a hang is still detected, however many messages the environment asks for.
t.setTimeout(300_000);

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

const negotiate = encodeFrame(requests.SET_PROTOCOL_FEATURES.id, u64(allProtocolFeatures));
const last = encodeFrame(requests.GET_QUEUE_NUM.id, Buffer.alloc(0));

type Heard = { request: number; payload: Buffer }[];

/** Reads replies until `lasts` of them answer the final requests, or the connection ends. */
const replies = async (channel: Channel, lasts: number): Promise<Heard> => {
  const heard: Heard = [];
  for (let left = lasts; left > 0; ) {
    const frame = await readFrame(channel);
    if (frame === null) return heard;
    if (!frame.reply || frame.fds.length > 0) throw new Error(`request ${frame.request} is no reply`);
    heard.push({ request: frame.request, payload: frame.payload });
    if (frame.request === requests.GET_QUEUE_NUM.id) left -= 1;
  }
  return heard;
};

/**
 * The number of replies to `GET_QUEUE_NUM` if a session survives: it answers each request or closes the
 * connection.
 */
const lastsIn = (given: readonly Message[]): number =>
  1 + given.filter(({ number }) => number === requests.GET_QUEUE_NUM.id).length;

const ignoreClosed = (error: unknown): void => {
  if (codeOf(error) !== 'SOCKET_CLOSED') throw error; // the session may end on what it was sent
};

t.test('the codec accepts or refuses any bytes, and throws no other error', async (t) => {
  const device = makeDevice();
  const decode = ({ number, payload, flags, fds }: Message): void => {
    try {
      decodeHeader(encode({ number, payload, flags }));
      const name = requestName(number);
      if (name === undefined) return;
      checkShape(name, requests[name], { payload, fds: fds.map(() => 0) });
      const { SET_BACKEND_REQ_FD: _, ...rest } = handlers;
      const handler = name === 'SET_BACKEND_REQ_FD' ? undefined : rest[name];
      const answer = handler?.(
        { device, rings: new Rings(), has: () => true, setProtocol: () => {}, setBackChannel: () => {} },
        { request: number, reply: false, needReply: false, payload, fds: [] },
      );
      if ((answer === undefined) === 'reply' in requests[name]) throw new TypeError(`${name}: ${answer}`);
    } catch (error) {
      if (codeOf(error) !== 'PROTOCOL') throw error;
    }
  };
  fc.assert(fc.property(message, decode), { ...options, numRuns: 4 * options.numRuns });
  const refuse = (bytes: Uint8Array): void => {
    for (const parse of [decodeHeader, decodeConfig]) {
      try {
        parse(Buffer.from(bytes));
      } catch (error) {
        if (codeOf(error) !== 'PROTOCOL') throw error;
      }
    }
  };
  fc.assert(fc.property(fc.uint8Array({ minLength: 12, maxLength: 300 }), refuse), options);
  t.pass();
});

t.test('encoded messages decode to the same values', async (t) => {
  const access = fc.nat(256).chain((offset) =>
    fc.record({
      offset: fc.constant(offset),
      bytes: fc.uint8Array({ maxLength: 256 - offset }),
      flags: u32,
    }),
  );
  fc.assert(
    fc.property(access, fc.boolean(), fc.boolean(), ({ offset, bytes, flags }, reply, needReply) => {
      const data = Buffer.from(bytes);
      const payload = encodeConfig(offset, data, flags);
      t.strictSame(decodeConfig(payload), { offset, size: data.length, flags, data });
      t.strictSame(decodeHeader(encodeFrame(24, payload, { reply, needReply })), {
        request: 24,
        reply,
        needReply,
        size: payload.length,
      });
    }),
    { ...options, numRuns: 50 },
  );
});

t.test('a session answers in order and at most once, ends, and leaks no descriptor', async (t) => {
  const event = eventFd();
  const pair = socketPairFds();
  const descriptor = { event, socket: pair[0] };
  const before = openDescriptors();
  let ends = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 12 }), fc.nat(12), async (given, when) => {
      const [ours, theirs] = socketPair();
      const device = makeDevice();
      const done = new BackendSession(theirs, device).run();
      const heard = replies(ours, lastsIn(given));
      try {
        await ours.write(negotiate);
        for (const [at, one] of given.entries()) {
          const bytes = encode(one);
          const split = one.late && one.payload.length > 0 ? HEADER : 0;
          if (split > 0) await ours.write(bytes.subarray(0, split));
          await ours.write(
            bytes.subarray(split),
            one.fds.map((kind) => descriptor[kind]),
          );
          if (at !== when) continue;
          device.setStatus(4); // and a config change, in the middle of it all
          device.command('REBOOT');
        }
        await ours.write(last);
      } catch (error) {
        ignoreClosed(error);
      }
      const numbers = [...given.map(({ number }) => number >>> 0), requests.GET_QUEUE_NUM.id as number];
      let at = 0;
      for (const { request, payload } of await heard) {
        const found = numbers.indexOf(request, at);
        if (found < 0) throw new Error(`a reply to ${request} that nobody asked for, or twice`);
        at = found + 1;
        const name = requestName(request);
        const row = name && requests[name];
        const longest = row && 'reply' in row && row.reply === 'config' ? 12 + 256 : 8;
        if (payload.length > longest) throw new Error(`${name}: a reply of ${payload.length} bytes`);
      }
      if (at === numbers.length) ends += 1;
      ours.close();
      await done;
      await turns(2); // a back channel goes a turn later
      if (openDescriptors() !== before) throw new Error('a descriptor is left open');
    }),
    slow,
  );
  t.ok(ends > slow.numRuns / 10, `${ends} of ${slow.numRuns} sessions lived to the end`);
  for (const fd of [event, ...pair]) closeFd(fd);
});

t.test('the answers do not depend on the chunks of the stream', async (t) => {
  const before = openDescriptors();
  const talk = async (pieces: readonly Buffer[], lasts: number): Promise<string> => {
    const [ours, theirs] = socketPair();
    const done = new BackendSession(theirs, makeDevice()).run();
    const heard = replies(ours, lasts);
    try {
      for (const piece of pieces) await ours.write(piece);
    } catch (error) {
      ignoreClosed(error);
    }
    const answers = await heard;
    ours.close();
    await done;
    return answers.map(({ request, payload }) => `${request}:${payload.toString('hex')}`).join(' ');
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      async (given, cuts) => {
        const whole = Buffer.concat([negotiate, ...given.map(encode), last]);
        const pieces: Buffer[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          pieces.push(whole.subarray(at, at + size));
          at += size;
        }
        const lasts = lastsIn(given);
        const [expected, got] = [await talk([whole], lasts), await talk(pieces, lasts)];
        if (got !== expected) throw new Error(`cutting changed the answers: ${got}, expected ${expected}`);
      },
    ),
    slow,
  );
  t.equal(openDescriptors(), before);
});

t.test('the largest message is accepted, and one byte more is refused', async (t) => {
  const [ours, theirs] = socketPair();
  const done = new BackendSession(theirs, makeDevice()).run();
  const header = (size: number): Buffer => {
    const frame = encodeFrame(99, Buffer.alloc(0));
    frame.writeUInt32LE(9, 4);
    frame.writeUInt32LE(size, 8);
    return frame;
  };
  await ours.write(Buffer.concat([negotiate, header(maxPayload), Buffer.alloc(maxPayload)]));
  t.same((await readFrame(ours))?.payload, u64(1n), 'read whole, and refused because of its number');
  await ours.write(header(maxPayload + 1));
  t.equal(await ours.read(1), null, 'refused without waiting for the payload');
  await done;
});
