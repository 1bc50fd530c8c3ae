import t from 'tap';
import { hasCode } from '../base/errors.js';
import { encodeDmaMap, encodeDmaUnmap, encodeInfoRequest } from '../testing/vfio-user-requests.js';
import { command } from './command.js';
import {
  decodeHeader,
  encodeErrorReply,
  encodeMessage,
  encodeReply,
  HEADER_SIZE,
  maxMessageBytes,
} from './header.js';
import { decodeRequest } from './messages.js';
import { errno } from './refusal.js';
import { encodeAccess } from './region-access.js';
import { encodeSetIrqs } from './set-irqs.js';
import { encodeVersion } from './version.js';

const decode = (number: number, body: Buffer, descriptors = 0, flags = 0) =>
  decodeRequest(decodeHeader(encodeMessage({ id: 7, command: number, flags }, body)), body, descriptors);

const errnoOfDecode = (...args: Parameters<typeof decode>): unknown => {
  try {
    decode(...args);
  } catch (error) {
    if (hasCode(error, 'PROTOCOL')) return error.fields.errno ?? 'fatal';
    throw error;
  }
  return 'accepted';
};

const none = Buffer.alloc(0);
const version = (text: string) => Buffer.concat([Buffer.alloc(4), Buffer.from(text)]);
/** A VERSION request whose data consists of text and single bytes. */
const bytes = (...parts: (string | number)[]) =>
  Buffer.concat([
    Buffer.alloc(4),
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))),
  ]);
const access = (offset: bigint, index: number, count: number, data?: Buffer) =>
  encodeAccess(offset, index, count, data);
const irqs = (flags: number, index: number, start: number, count: number, booleans?: boolean[]) =>
  encodeSetIrqs({ flags, index, start, count, ...(booleans ? { booleans } : {}) });
const map = (flags: number, offset: bigint, address: bigint, size: bigint) =>
  encodeDmaMap({ flags, offset, address, size });
const patched = (body: Buffer, at: number, value: number) => {
  body.writeUInt32LE(value, at);
  return body;
};

t.test('valid requests are decoded', async (t) => {
  t.same(decode(command.VERSION, encodeVersion(0, 1, { max_msg_fds: 8, pgsizes: 4096 })), {
    kind: 'version',
    major: 0,
    minor: 1,
    capabilities: { max_msg_fds: 8, pgsizes: 4096 },
    length: encodeVersion(0, 1, { max_msg_fds: 8, pgsizes: 4096 }).length,
  });
  t.same(decode(command.VERSION, encodeVersion(0, 0)), {
    kind: 'version',
    major: 0,
    minor: 0,
    capabilities: {},
    length: 4,
  });
  t.same(decode(command.DMA_MAP, map(3, 0x1000n, 0xfffff000n, 0x2000n)), {
    kind: 'dma-map',
    flags: 3,
    offset: 0x1000n,
    address: 0xfffff000n,
    size: 0x2000n,
  });
  t.match(decode(command.DMA_UNMAP, encodeDmaUnmap({ address: 1n << 40n, size: 5n })), {
    kind: 'dma-unmap',
    all: false,
    address: 1n << 40n,
    size: 5n,
  });
  t.match(decode(command.DMA_UNMAP, encodeDmaUnmap({ all: true, address: 0n, size: 0n })), { all: true });
  t.same(decode(command.DEVICE_GET_INFO, encodeInfoRequest(16)), { kind: 'device-info' });
  t.same(decode(command.DEVICE_GET_REGION_INFO, encodeInfoRequest(32, 8)), { kind: 'region-info', index: 8 });
  t.same(decode(command.DEVICE_GET_IRQ_INFO, encodeInfoRequest(16, 4)), { kind: 'irq-info', index: 4 });
  t.same(decode(command.DEVICE_SET_IRQS, irqs(0x24, 0, 0, 1), 1), {
    kind: 'set-irqs',
    data: 'eventfd',
    action: 'trigger',
    index: 0,
    start: 0,
    count: 1,
    booleans: [],
  });
  t.match(decode(command.DEVICE_SET_IRQS, irqs(0x12, 0, 0, 2, [true, false])), {
    data: 'bool',
    action: 'unmask',
    booleans: [true, false],
  });
  t.same(decode(command.REGION_READ, access(0xffff_ffff_ffff_fff0n, 7, 256)), {
    kind: 'region-read',
    offset: 0xffff_ffff_ffff_fff0n,
    region: 7,
    count: 256,
  });
  t.same(decode(command.REGION_WRITE, access(18n, 0, 1, Buffer.of(7))), {
    kind: 'region-write',
    offset: 18n,
    region: 0,
    data: Buffer.of(7),
  });
  t.same(
    decode(command.DEVICE_RESET, none, 0, 0x10),
    { kind: 'reset' },
    'the no-reply flag is one of a command',
  );
});

type Case = readonly [what: string, args: Parameters<typeof decode>];

t.test('requests that the server does not have are refused with EOPNOTSUPP', async (t) => {
  const cases: readonly Case[] = [
    ['a command without a number of its own', [99, none]],
    ['region descriptors, which we have none of', [command.DEVICE_GET_REGION_IO_FDS, encodeInfoRequest(16)]],
    ['batched writes, never negotiated', [command.REGION_WRITE_MULTI, none]],
  ];
  for (const [what, args] of cases) t.equal(errnoOfDecode(...args), errno.EOPNOTSUPP, what);
});

t.test('invalid requests are refused with EINVAL', async (t) => {
  const cases: readonly Case[] = [
    ['a message that flags itself an error', [command.DEVICE_RESET, none, 0, 0x20]],
    ['a message of unknown type', [command.DEVICE_RESET, none, 0, 0x02]],
    ['an unknown header flag', [command.DEVICE_RESET, none, 0, 0x40]],
    ['a reset with a body', [command.DEVICE_RESET, Buffer.alloc(4)]],
    ['a reset with a descriptor', [command.DEVICE_RESET, none, 1]],
    ['a version of 3 bytes', [command.VERSION, Buffer.alloc(3)]],
    ['version data without NUL', [command.VERSION, version('{}')]],
    ['version data with a NUL inside', [command.VERSION, version('{}\0{}\0')]],
    ['version data that is not JSON', [command.VERSION, version('{\0')]],
    ['version data that is a list', [command.VERSION, version('[]\0')]],
    ['version data that is not UTF-8', [command.VERSION, bytes('{"a":"', 0xc3, '"}\0')]],
    ['version data with a byte-order mark', [command.VERSION, version('\ufeff{}\0')]],
    ['UTF-8 that is longer than it need be', [command.VERSION, bytes('{"a":"', 0xc0, 0xaf, '"}\0')]],
    ['half of a surrogate pair', [command.VERSION, bytes('{"a":"', 0xed, 0xa0, 0x80, '"}\0')]],
    ['capabilities that are null', [command.VERSION, version('{"capabilities":null}\0')]],
    ...[0, 1, 3].map(
      (bytes): Case => [
        `a client that takes at most ${bytes} bytes`,
        [command.VERSION, version(`{"capabilities":{"max_data_xfer_size":${bytes}}}\0`)],
      ],
    ),
    [
      'a capability that is no whole number',
      [command.VERSION, version('{"capabilities":{"max_msg_fds":1.5}}\0')],
    ],
    [
      'a capability beyond all numbers',
      [command.VERSION, version('{"capabilities":{"max_msg_fds":1e999}}\0')],
    ],
    ['capabilities that are a list', [command.VERSION, version('{"capabilities":[]}\0')]],
    ['a capability that is text', [command.VERSION, version('{"capabilities":{"max_msg_fds":"8"}}\0')]],
    ['a negative capability', [command.VERSION, version('{"capabilities":{"pgsizes":-1}}\0')]],
    ['a mapping that is cut short', [command.DMA_MAP, map(3, 0n, 0n, 1n).subarray(0, 31)]],
    ['a mapping with a small argsz', [command.DMA_MAP, patched(map(3, 0n, 0n, 1n), 0, 31)]],
    ['a mapping with unknown flags', [command.DMA_MAP, map(0x10, 0n, 0n, 1n)]],
    ['a mapping to mmap without a descriptor', [command.DMA_MAP, map(4, 0n, 0n, 1n)]],
    ['a mapping with two descriptors', [command.DMA_MAP, map(3, 0n, 0n, 1n), 2]],
    ['an empty mapping', [command.DMA_MAP, map(3, 0n, 0n, 0n)]],
    ['a mapping past 2^64', [command.DMA_MAP, map(3, 0n, (1n << 64n) - 1n, 2n)]],
    ['a file offset past 2^64', [command.DMA_MAP, map(3, (1n << 64n) - 1n, 0n, 2n)]],
    [
      'an unmapping with unknown flags',
      [command.DMA_UNMAP, patched(encodeDmaUnmap({ address: 0n, size: 1n }), 4, 1)],
    ],
    ['unmapping all of a range', [command.DMA_UNMAP, encodeDmaUnmap({ all: true, address: 0n, size: 1n })]],
    ['an empty unmapping', [command.DMA_UNMAP, encodeDmaUnmap({ address: 0n, size: 0n })]],
    [
      'device information with a small argsz',
      [command.DEVICE_GET_INFO, patched(encodeInfoRequest(16), 0, 15)],
    ],
    ['device information with flags', [command.DEVICE_GET_INFO, patched(encodeInfoRequest(16), 4, 1)]],
    ['device information with an index', [command.DEVICE_GET_INFO, encodeInfoRequest(16, 1)]],
    ['a region beyond the last', [command.DEVICE_GET_REGION_INFO, encodeInfoRequest(32, 9)]],
    [
      'region information with a small argsz',
      [command.DEVICE_GET_REGION_INFO, patched(encodeInfoRequest(32), 0, 31)],
    ],
    [
      'region information with a size',
      [command.DEVICE_GET_REGION_INFO, patched(encodeInfoRequest(32), 20, 1)],
    ],
    ['an interrupt type beyond the last', [command.DEVICE_GET_IRQ_INFO, encodeInfoRequest(16, 5)]],
    ['interrupts with a small argsz', [command.DEVICE_SET_IRQS, patched(irqs(0x21, 0, 0, 0), 0, 19)]],
    ['interrupts with two kinds of data', [command.DEVICE_SET_IRQS, irqs(0x23, 0, 0, 1)]],
    ['interrupts with no data kind', [command.DEVICE_SET_IRQS, irqs(0x20, 0, 0, 1)]],
    ['interrupts with two actions', [command.DEVICE_SET_IRQS, irqs(0x31, 0, 0, 1)]],
    ['interrupts with no action', [command.DEVICE_SET_IRQS, irqs(0x01, 0, 0, 1)]],
    ['interrupts with unknown flags', [command.DEVICE_SET_IRQS, irqs(0x61, 0, 0, 1)]],
    ['interrupts of an unknown type', [command.DEVICE_SET_IRQS, irqs(0x21, 5, 0, 0)]],
    ['fewer booleans than interrupts', [command.DEVICE_SET_IRQS, irqs(0x12, 0, 0, 2, [true])]],
    ['more interrupts than bytes could say', [command.DEVICE_SET_IRQS, irqs(0x12, 0, 0, 0xffffffff, [true])]],
    ['data bytes with eventfds', [command.DEVICE_SET_IRQS, irqs(0x24, 0, 0, 1, [true]), 1]],
    ['a descriptor without eventfd data', [command.DEVICE_SET_IRQS, irqs(0x21, 0, 0, 1), 1]],
    ['two descriptors for one interrupt', [command.DEVICE_SET_IRQS, irqs(0x24, 0, 0, 1), 2]],
    ['a read of nothing', [command.REGION_READ, access(0n, 0, 0)]],
    ['a read of 4 GiB', [command.REGION_READ, access(0n, 0, 0xffffffff)]],
    ['a read of an unknown region', [command.REGION_READ, access(0n, 9, 4)]],
    ['a read with data', [command.REGION_READ, access(0n, 0, 4, Buffer.alloc(4))]],
    ['a write of nothing', [command.REGION_WRITE, access(0n, 0, 0)]],
    ['a write with less data than it says', [command.REGION_WRITE, access(0n, 0, 4, Buffer.alloc(3))]],
    ['a write with more data than it says', [command.REGION_WRITE, access(0n, 0, 4, Buffer.alloc(5))]],
  ];
  for (const [what, args] of cases) t.equal(errnoOfDecode(...args), errno.EINVAL, what);
});

t.test('a reply to nothing that was asked ends the connection', async (t) => {
  t.equal(errnoOfDecode(command.DEVICE_RESET, none, 0, 0x01), 'fatal');
});

t.test('headers and replies are encoded', async (t) => {
  const bytes = encodeMessage({ id: 0xfffe, command: 9, flags: 0x10 }, Buffer.of(1, 2, 3));
  t.equal(bytes.toString('hex'), 'feff0900130000001000000000000000010203');
  t.same(decodeHeader(bytes), { id: 0xfffe, command: 9, size: 19, flags: 0x10, error: 0 });
  const request = decodeHeader(bytes);
  t.equal(encodeReply(request, Buffer.of(5)).toString('hex'), 'feff090011000000010000000000000005');
  t.equal(encodeErrorReply(request, errno.EINVAL).toString('hex'), 'feff0900100000002100000016000000');
  for (const size of [0, HEADER_SIZE - 1, maxMessageBytes + 1, 0xffffffff]) {
    const wrong = Buffer.from(bytes);
    wrong.writeUInt32LE(size, 4);
    t.throws(() => decodeHeader(wrong), { code: 'PROTOCOL', fields: { errno: undefined } }, `size ${size}`);
  }
});
