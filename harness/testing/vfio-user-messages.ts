// Random vfio-user messages, most of them almost valid. The seed is fixed; FUZZ_RUNS=100000 FUZZ_SEED=7
// changes the number of runs and the seed.

import fc from 'fast-check';
import { command } from '../vfio-user/command.js';
import { encodeMessage, headerFlag } from '../vfio-user/header.js';
import { encodeAccess } from '../vfio-user/region-access.js';
import { encodeSetIrqs } from '../vfio-user/set-irqs.js';
import { encodeDmaMap, encodeDmaUnmap, encodeInfoRequest } from './vfio-user-requests.js';

export const options = {
  numRuns: Number(process.env.FUZZ_RUNS ?? 300),
  seed: Number(process.env.FUZZ_SEED ?? 20190302),
};

const u32 = fc.oneof(
  fc.nat(32),
  fc.constantFrom(0x7fffffff, 0x80000000, 0xffffffff),
  fc.nat({ max: 0xffffffff }),
);
export const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 0x2000n }),
  fc.bigInt({ min: (1n << 64n) - 0x2000n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);
const number = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...Object.values(command)) },
  { weight: 1, arbitrary: fc.nat(0xffff) },
);
export const data = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));

/** Bodies that are almost valid: the encoders make them from numbers that may be out of range. */
const bodies: Partial<Record<keyof typeof command, fc.Arbitrary<Buffer>>> = {
  VERSION: fc.oneof(
    fc.string({ maxLength: 80 }).map((text) => Buffer.concat([Buffer.alloc(4), Buffer.from(`${text}\0`)])),
    fc.json().map((text) => Buffer.concat([Buffer.alloc(4), Buffer.from(`{"capabilities":${text}}\0`)])),
  ),
  DMA_MAP: fc.record({ flags: u32, offset: u64, address: u64, size: u64 }).map(encodeDmaMap),
  DMA_UNMAP: fc.record({ all: fc.boolean(), address: u64, size: u64 }).map(encodeDmaUnmap),
  DEVICE_GET_INFO: fc.constant(encodeInfoRequest(16)),
  DEVICE_GET_REGION_INFO: u32.map((index) => encodeInfoRequest(32, index)),
  DEVICE_GET_IRQ_INFO: u32.map((index) => encodeInfoRequest(16, index)),
  DEVICE_SET_IRQS: fc
    .oneof(
      fc
        .constantFrom(0x24, 0x21, 0x11)
        .map((flags) => ({ flags, index: 0, start: 0, count: flags === 0x21 ? 0 : 1 })),
      fc.record({
        flags: fc.oneof(fc.constantFrom(0x24, 0x21, 0x11, 0x09, 0x12, 0x14), u32),
        index: u32,
        start: u32,
        count: u32,
        booleans: fc.array(fc.boolean(), { maxLength: 3 }),
      }),
    )
    .map(encodeSetIrqs),
  REGION_READ: fc
    .tuple(u64, fc.oneof(fc.constantFrom(0, 7), u32), u32)
    .map(([offset, region, count]) => encodeAccess(offset, region, count)),
  REGION_WRITE: fc
    .tuple(u64, fc.oneof(fc.constantFrom(0, 7), u32), data)
    .map(([offset, region, bytes]) => encodeAccess(offset, region, bytes.length, bytes)),
  DEVICE_RESET: fc.constant(Buffer.alloc(0)),
};
const arbitraryBodies = fc.oneof(data, ...Object.values(bodies));
const content = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.oneof(
      ...Object.entries(bodies).map(([name, body]) =>
        fc.record({ number: fc.constant(command[name as keyof typeof command] as number), body }),
      ),
    ),
  },
  { weight: 1, arbitrary: fc.record({ number, body: arbitraryBodies }) },
);

const frame = fc.record({
  id: fc.nat(0xffff),
  flags: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(0, headerFlag.NO_REPLY) },
    { weight: 1, arbitrary: u32 },
  ),
  descriptors: fc.oneof(fc.constantFrom<boolean[]>([], [true]), fc.array(fc.boolean(), { maxLength: 3 })),
});
export const message = fc.tuple(frame, content).map(([one, two]) => ({ ...one, ...two }));

export const encode = ({
  id,
  number,
  flags,
  body,
}: {
  id: number;
  number: number;
  flags: number;
  body: Buffer;
}) => encodeMessage({ id, command: number, flags: flags >>> 0 }, body);
