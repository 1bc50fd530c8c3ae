// Random vhost-user messages, most of them almost valid. The seed is fixed; FUZZ_RUNS=100000 FUZZ_SEED=7
// changes the number of runs and the seed.

import fc from 'fast-check';
import { encodeFrame } from '../vhost-user/frame.js';
import { encodeConfig, ring, u64 } from '../vhost-user/payload.js';
import { type RequestName, requests } from '../vhost-user/requests.js';
import { Vmmci } from '../vmmci/device.js';
import { generations } from '../vmmci/generations.js';
import { VirtualScheduler } from '../vmmci/scheduler.js';

export const options = {
  numRuns: Number(process.env.FUZZ_RUNS ?? 300),
  seed: Number(process.env.FUZZ_SEED ?? 20170917),
};
/** Options for properties that need a session for each run. */
export const slow = { ...options, numRuns: Math.ceil(options.numRuns / 3) };

export const makeDevice = (): Vmmci =>
  new Vmmci({
    generation: generations['8.0'],
    clock: { now: () => 1_551_506_221_123_456n, spec: 'test' },
    scheduler: new VirtualScheduler(),
  });

export const u32 = fc.oneof(
  fc.nat(32),
  fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat({ max: 0xffffffff }),
);
const any64 = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }));
export const data = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));

/** A config payload whose size may differ from that of its data, or exceed the config space. */
const config = fc.oneof(
  fc.tuple(fc.nat(40), data, fc.constantFrom(0, 0, 1, 2, 0x8000_0000)).map((given) => encodeConfig(...given)),
  fc.tuple(u32, u32, u32, data).map(([offset, size, flags, bytes]) => {
    const payload = encodeConfig(offset, bytes, flags);
    payload.writeUInt32LE(size, 4);
    return payload;
  }),
);
const memory = fc.tuple(u32, fc.nat(9)).map(([count, regions]) => {
  const payload = Buffer.alloc(8 + 32 * regions, 7);
  payload.writeUInt32LE(count % 2 === 0 ? regions : count, 0);
  return payload;
});

/** Payloads that are almost valid, by the shape of the request. */
const payloads = {
  none: fc.constant(Buffer.alloc(0)),
  u64: any64.map(u64),
  ring: fc.tuple(fc.oneof(fc.nat(9), u32), u32).map(([index, number]) => ring(index, number)),
  address: fc.constant(Buffer.alloc(40, 3)),
  config,
  memory,
} as const;

/** Sometimes cuts off the end. */
const cut = (payload: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 9, arbitrary: payload },
    { weight: 1, arbitrary: fc.tuple(payload, fc.nat(16)).map(([whole, size]) => whole.subarray(0, size)) },
  );

const names = Object.keys(requests) as RequestName[];
const content = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...names).chain((name) =>
      cut(payloads[requests[name].payload]).map((payload) => ({
        number: requests[name].id as number,
        payload,
      })),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      number: fc.oneof(fc.constantFrom(...names.map((name) => requests[name].id as number)), u32),
      payload: fc.oneof(data, ...Object.values(payloads)),
    }),
  },
);
export const message = fc
  .tuple(
    fc.record({
      flags: fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(1, 9) },
        { weight: 1, arbitrary: u32.map((bits) => bits >>> 0) },
      ),
      fds: fc.oneof(
        fc.constantFrom<('event' | 'socket')[]>([], [], ['event'], ['socket']),
        fc.array(fc.constantFrom('event' as const, 'socket' as const), { maxLength: 10 }),
      ),
      /** The descriptors come with the payload instead of the header. */
      late: fc.boolean(),
    }),
    content,
  )
  .map(([frame, what]) => ({ ...frame, ...what }));

export type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

export const HEADER = 12;

export const encode = ({ number, flags, payload }: Pick<Message, 'number' | 'flags' | 'payload'>): Buffer => {
  const frame = encodeFrame(number, payload);
  frame.writeUInt32LE(flags >>> 0, 4);
  return frame;
};
