// Random and hostile input to a server.

import fc from 'fast-check';
import t from 'tap';
import { codeOf } from '../base/errors.js';
import { closeFd, eventFd } from '../socket/descriptor.js';
import { FakeDescriptors, FakeWire } from '../testing/fake-wire.js';
import { openDescriptors } from '../testing/open-descriptors.js';
import { socketPair } from '../testing/socket-pair.js';
import { data, encode, message, options, u64 } from '../testing/vfio-user-messages.js';
import { encodeDmaMap } from '../testing/vfio-user-requests.js';
import { command } from './command.js';
import { decodeHeader, encodeMessage, HEADER_SIZE, headerFlag, maxMessageBytes } from './header.js';
import { decodeRequest } from './messages.js';
import { encodeAccess } from './region-access.js';
import { serve } from './server.js';
import { runSession } from './session.js';
import type { Target } from './target.js';
import { encodeVersion } from './version.js';

// Upper bound, so that a hang is still detected, however many messages the environment asks for.
t.setTimeout(300_000);

const target = (close: (fd: number) => void): Target => {
  let trigger: number | null = null;
  return {
    regions: [
      { index: 0, size: 4096, flags: 3 },
      { index: 7, size: 256, flags: 3 },
    ],
    read: async (_, offset, count) => Buffer.alloc(count, offset),
    write: async () => {},
    reset: async () => {},
    arm: (fd) => {
      if (trigger !== null) close(trigger);
      trigger = fd;
    },
    loopback: () => trigger !== null,
    mask: () => {},
    unmask: () => {},
  };
};

const hello = encodeMessage({ id: 0, command: command.VERSION, flags: 0 }, encodeVersion(0, 0));

t.test('the codec accepts or refuses any bytes, and throws no other error', async (t) => {
  const decode = (bytes: Buffer, descriptors: number) => {
    try {
      decodeRequest(decodeHeader(bytes), bytes.subarray(HEADER_SIZE), descriptors);
    } catch (error) {
      if (codeOf(error) !== 'PROTOCOL') throw error;
    }
  };
  fc.assert(
    fc.property(message, (given) => decode(encode(given), given.descriptors.length)),
    options,
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: HEADER_SIZE, maxLength: 128 }), (bytes) =>
      decode(Buffer.from(bytes), 0),
    ),
    options,
  );
  t.pass();
});

t.test('encoded messages decode to the same values', async (t) => {
  const roundTrip = (number: number, body: Buffer, descriptors = 0) =>
    decodeRequest(decodeHeader(encodeMessage({ id: 1, command: number, flags: 0 }, body)), body, descriptors);
  const range = fc
    .tuple(u64, fc.bigInt({ min: 1n, max: 1n << 63n }))
    .filter(([address, size]) => address + size <= 1n << 64n);
  fc.assert(
    fc.property(range, fc.nat(3), ([address, size], flags) => {
      t.matchOnlyStrict(roundTrip(command.DMA_MAP, encodeDmaMap({ flags, offset: 0n, address, size })), {
        kind: 'dma-map',
        flags,
        offset: 0n,
        address,
        size,
      });
    }),
    { ...options, numRuns: 50 },
  );
  fc.assert(
    fc.property(u64, fc.nat(8), fc.uint8Array({ minLength: 1, maxLength: 300 }), (offset, region, bytes) => {
      const data = Buffer.from(bytes);
      const write = roundTrip(command.REGION_WRITE, encodeAccess(offset, region, data.length, data));
      t.strictSame(write, { kind: 'region-write', offset, region, data });
      const read = roundTrip(command.REGION_READ, encodeAccess(offset, region, data.length));
      t.strictSame(read, { kind: 'region-read', offset, region, count: data.length });
    }),
    { ...options, numRuns: 50 },
  );
});

t.test('a session answers each message at most once, ends, and leaks no descriptor', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 12 }), async (given) => {
      const descriptors = new FakeDescriptors();
      const wire = new FakeWire(descriptors);
      const done = runSession(
        wire,
        target((fd) => descriptors.close(fd)),
        descriptors,
      );
      wire.feed(hello);
      for (const one of given) {
        const fds = one.descriptors.map((event) => (event ? descriptors.event() : descriptors.other()));
        wire.feed(encode(one), fds);
      }
      wire.end();
      await done;
      const unread = wire.unread().flatMap(({ fds }) => fds);
      if (descriptors.open.size !== unread.length) throw new Error('a descriptor is left open');
      const wanted = given.filter(({ flags }) => (flags & headerFlag.NO_REPLY) === 0);
      if (wire.written.length > wanted.length + 1) throw new Error('more answers than questions');
      const ids = wire.written.slice(1).map((reply) => decodeHeader(reply).id);
      if (wire.unread().length === 0 && ids.some((id, at) => id !== wanted[at]?.id))
        throw new Error('answers in another order than questions');
    }),
    options,
  );
  t.pass();
});

t.test('a session survives random bytes instead of messages', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(data, { maxLength: 8 }), async (pieces) => {
      const descriptors = new FakeDescriptors();
      const wire = new FakeWire(descriptors);
      for (const piece of pieces) if (piece.length > 0) wire.feed(piece);
      wire.end();
      await runSession(
        wire,
        target(() => {}),
        descriptors,
      );
    }),
    options,
  );
  t.pass();
});

t.test('on real sockets, the answers do not depend on the chunks of the stream', async (t) => {
  const event = eventFd();
  const before = openDescriptors();
  const valid = message.filter(({ flags }) => flags === 0).map((one) => ({ ...one, id: one.id & 0x7fff }));
  const talk = async (pieces: readonly Buffer[]): Promise<string> => {
    const [ours, theirs] = socketPair();
    const done = serve(theirs, target(closeFd));
    let answers = '';
    const reader = (async () => {
      for (let byte = await ours.read(1); byte !== null; byte = await ours.read(1))
        answers += byte.data.toString('hex');
    })();
    try {
      for (const piece of pieces) await ours.write(piece);
    } catch (error) {
      if (codeOf(error) !== 'SOCKET_CLOSED') throw error; // the session may end on what it was sent
    }
    const last = encodeMessage({ id: 0xffff, command: command.DEVICE_RESET, flags: 0 });
    await ours.write(last, [event]).catch(() => {});
    while (ours.isOpen && !answers.includes('ffff0d0010000000')) {
      const size = answers.length;
      await new Promise(setImmediate);
      if (size === answers.length && !theirs.isOpen) break;
    }
    ours.close();
    await Promise.all([reader, done]);
    return answers;
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(valid, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
      async (given, cuts) => {
        const whole = Buffer.concat([hello, ...given.map(encode)]);
        const pieces: Buffer[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1;
          pieces.push(whole.subarray(at, at + size));
          at += size;
        }
        const expected = await talk([whole]);
        if ((await talk(pieces)) !== expected) throw new Error('cutting changed the answers');
      },
    ),
    { ...options, numRuns: Math.ceil(options.numRuns / 10) },
  );
  t.equal(openDescriptors(), before, 'all descriptors are closed');
  closeFd(event);
});

t.test('the largest message is accepted, and one byte more is refused', async (t) => {
  const descriptors = new FakeDescriptors();
  const wire = new FakeWire(descriptors);
  wire.feed(hello);
  wire.feed(encodeMessage({ id: 1, command: 99, flags: 0 }, Buffer.alloc(maxMessageBytes - HEADER_SIZE)));
  wire.feed(encodeMessage({ id: 2, command: 99, flags: 0 }, Buffer.alloc(maxMessageBytes - HEADER_SIZE + 1)));
  await runSession(
    wire,
    target(() => {}),
    descriptors,
  );
  t.same(
    wire.written.slice(1).map((reply) => decodeHeader(reply)),
    [{ id: 1, command: 99, size: HEADER_SIZE, flags: 0x21, error: 95 }],
  );
});
