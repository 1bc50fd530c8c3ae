import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { Trace } from '../base/trace.js';
import type { Action } from '../faults/hook.js';
import { FakeDescriptors, FakeWire } from '../testing/fake-wire.js';
import { command } from './command.js';
import { encodeDmaMap, encodeDmaUnmap } from './dma.js';
import { decodeHeader, encodeMessage, HEADER_SIZE, headerFlag } from './header.js';
import { encodeInfoRequest, INTX_FLAGS, irq, region } from './info.js';
import { errno } from './refusal.js';
import { encodeAccess } from './region-access.js';
import { runSession, type ServeOptions } from './session.js';
import { encodeSetIrqs, irqAction, irqData } from './set-irqs.js';
import type { Target } from './target.js';
import { encodeVersion } from './version.js';

/**
 * A target with region 0 of 64 bytes to read and write, region 1 of 4 bytes to read, and region 2 of 4 bytes
 * to write.
 */
class FakeTarget implements Target {
  readonly regions = [
    { index: 0, size: 64, flags: 3 },
    { index: 1, size: 4, flags: 1 },
    { index: 2, size: 4, flags: 2 },
  ];
  readonly calls: string[] = [];
  readonly descriptors: FakeDescriptors;
  trigger: number | null = null;
  gate: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  constructor(descriptors: FakeDescriptors) {
    this.descriptors = descriptors;
  }
  async read(region: number, offset: number, count: number): Promise<Buffer> {
    await this.gate;
    if (this.failure) throw this.failure;
    this.calls.push(`read ${region} ${offset} ${count}`);
    return Buffer.alloc(count, offset);
  }
  async write(region: number, offset: number, data: Buffer): Promise<void> {
    await this.gate;
    this.calls.push(`write ${region} ${offset} ${data.toString('hex')}`);
  }
  async reset(): Promise<void> {
    this.calls.push('reset');
  }
  arm(trigger: number | null): void {
    if (this.trigger !== null) this.descriptors.close(this.trigger);
    this.trigger = trigger;
    this.calls.push(trigger === null ? 'disarm' : 'arm');
  }
  loopback(): boolean {
    if (this.trigger === null) return false;
    this.calls.push('loopback');
    return true;
  }
  mask(): void {
    this.calls.push('mask');
  }
  unmask(): void {
    this.calls.push('unmask');
  }
}

const errnoName = (value: number): string =>
  Object.entries(errno).find(([, number]) => number === value)?.[0] ?? String(value);

/** Splits a body into little-endian dwords; remaining bytes are single. */
const wordsOf = (body: Buffer): number[] => {
  const whole = body.length - (body.length % 4);
  const words = Array.from({ length: whole / 4 }, (_, at) => body.readUInt32LE(4 * at));
  return [...words, ...body.subarray(whole)];
};

/** The body of a reply as dwords, or the name of the errno of an error reply. */
interface Answer {
  id: number;
  result: readonly number[] | string;
}

/** Replies without content: to VERSION without capabilities (two u16), and to requests that only succeed. */
const VERSION_0_0 = [0];
const DONE: number[] = [];

const { NONE, BOOL, EVENTFD } = irqData;
const { MASK, UNMASK, TRIGGER } = irqAction;

const setUp = (options: ServeOptions = {}) => {
  const descriptors = new FakeDescriptors();
  const wire = new FakeWire(descriptors);
  const target = new FakeTarget(descriptors);
  const trace = new Trace();
  const done = runSession(wire, target, descriptors, { trace: trace.sink, ...options });
  let id = 0;
  const send = (number: number, body?: Buffer, fds: number[] = [], flags = 0) =>
    wire.feed(encodeMessage({ id: id++, command: number, flags }, body), fds);
  const hello = () => send(command.VERSION, encodeVersion(0, 0));
  /** Ends the connection and returns the answers in order. */
  const answers = async (): Promise<Answer[]> => {
    wire.end();
    await done;
    return wire.written.map((message) => {
      const { id, flags, error } = decodeHeader(message);
      const isError = flags === (headerFlag.REPLY | headerFlag.ERROR);
      return { id, result: isError ? errnoName(error) : wordsOf(message.subarray(HEADER_SIZE)) };
    });
  };
  return { wire, descriptors, target, trace, done, send, hello, answers };
};

/** A SET_IRQS request (default: for INTx). */
const irqs = (flags: number, { count = 1, index = irq.INTX as number, start = 0 } = {}) =>
  encodeSetIrqs({ flags, index, start, count });
const read = (offset: number, count: number, index = 0) => encodeAccess(BigInt(offset), index, count);
const write = (offset: number, data: Buffer, index = 0) =>
  encodeAccess(BigInt(offset), index, data.length, data);

t.test('the requests of QEMU when it attaches a function are answered', async (t) => {
  const { send, hello, answers, target, descriptors } = setUp();
  const memory = descriptors.other();
  const range = { address: 0x1000n, size: 0xa0000n };
  const [argsz, flags] = [
    { device: 16, region: 32, irq: 16 },
    { resetAndPci: 3, readWrite: 3 },
  ];
  const conversation: [send: () => void, result: Answer['result']][] = [
    [hello, VERSION_0_0],
    [() => send(command.DMA_MAP, encodeDmaMap({ flags: 3, offset: 0n, ...range }), [memory]), DONE],
    [
      () => send(command.DEVICE_GET_INFO, encodeInfoRequest(argsz.device)),
      [argsz.device, flags.resetAndPci, 9, 5], // regions, types of interrupts
    ],
    [
      () => send(command.DEVICE_GET_REGION_INFO, encodeInfoRequest(argsz.region, region.BAR0)),
      [argsz.region, flags.readWrite, region.BAR0, 0, 64, 0, 0, 0], // size, then file offset, two dwords each
    ],
    [
      () => send(command.DEVICE_GET_REGION_INFO, encodeInfoRequest(argsz.region, 3)),
      [argsz.region, 0, 3, 0, 0, 0, 0, 0],
    ],
    [
      () => send(command.DEVICE_GET_IRQ_INFO, encodeInfoRequest(argsz.irq, irq.INTX)),
      [argsz.irq, INTX_FLAGS, irq.INTX, 1],
    ],
    ...[irq.MSI, irq.MSIX, irq.ERROR, irq.REQUEST].map((type): [() => void, number[]] => [
      () => send(command.DEVICE_GET_IRQ_INFO, encodeInfoRequest(argsz.irq, type)),
      [argsz.irq, 0, type, 0],
    ]),
    [() => send(command.REGION_READ, read(5, 2)), [5, 0, 0, 2, 5, 5]],
    [() => send(command.REGION_WRITE, write(6, Buffer.of(1, 2))), [6, 0, 0, 2]],
    [() => send(command.DEVICE_RESET), DONE],
    [() => send(command.DMA_UNMAP, encodeDmaUnmap(range)), [24, 0, 0x1000, 0, 0xa0000, 0]],
  ];
  for (const [say] of conversation) say();
  t.same(
    await answers(),
    conversation.map(([, result], id) => ({ id, result })),
  );
  t.same(target.calls, ['read 0 5 2', 'write 0 6 0102', 'reset', 'disarm']);
  t.same([...descriptors.open], [], 'the memory descriptor is closed');
});

t.test('accesses that the regions do not allow are refused, and the connection stays open', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  const outside: [number, Buffer][] = [
    [command.REGION_READ, read(64, 1)],
    [command.REGION_READ, read(61, 4)],
    [command.REGION_READ, encodeAccess(0xffff_ffff_ffff_ffffn, 0, 2)],
    [command.REGION_READ, encodeAccess(1n << 53n, 0, 4)],
    [command.REGION_READ, read(0, 4, 3)],
    [command.REGION_READ, read(0, 4, 2)],
    [command.REGION_WRITE, write(63, Buffer.alloc(2))],
    [command.REGION_WRITE, write(0, Buffer.alloc(4), 1)],
  ];
  for (const [number, body] of outside) send(number, body);
  send(command.REGION_READ, read(60, 4));
  const given = await answers();
  t.same(
    given.slice(1, -1).map(({ result }) => result),
    outside.map(() => 'EINVAL'),
  );
  t.same(target.calls, ['read 0 60 4', 'disarm']);
});

t.test('a read above the limit of the client is refused', async (t) => {
  const { send, answers } = setUp();
  send(command.VERSION, encodeVersion(0, 0, { max_data_xfer_size: 8 }));
  send(command.REGION_READ, read(0, 9));
  send(command.REGION_READ, read(0, 8));
  const given = await answers();
  t.equal(given[1]?.result, 'EINVAL');
  t.same(given[2]?.result, [0, 0, 0, 8, 0, 0]);
});

t.test('VERSION must come first, and only once', async (t) => {
  const { send, hello, answers, target } = setUp();
  send(command.DEVICE_RESET);
  hello();
  hello();
  t.same(await answers(), [
    { id: 0, result: 'EINVAL' },
    { id: 1, result: VERSION_0_0 },
    { id: 2, result: 'EINVAL' },
  ]);
  t.same(target.calls, ['disarm']);
});

t.test('only an eventfd is accepted as the trigger; others are closed and refused', async (t) => {
  const { send, hello, answers, target, descriptors, wire } = setUp();
  hello();
  const [first, second, wrong, stray] = [
    descriptors.event(),
    descriptors.event(),
    descriptors.other(),
    descriptors.event(),
  ];
  send(command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER), [first]);
  send(command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER), [wrong]);
  send(command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER), [second]);
  send(command.DEVICE_SET_IRQS, irqs(NONE | UNMASK));
  send(command.DEVICE_SET_IRQS, irqs(NONE | MASK));
  send(command.DEVICE_SET_IRQS, irqs(EVENTFD | UNMASK), [stray]);
  send(command.REGION_READ, read(0, 1));
  while (wire.written.length < 8) await new Promise(setImmediate);
  t.same([...descriptors.open], [second], 'only the trigger is open');
  t.same(
    (await answers()).map(({ result }) => result),
    [VERSION_0_0, DONE, 'EINVAL', DONE, DONE, DONE, 'EOPNOTSUPP', [0, 0, 0, 1, 0]],
  );
  t.same(target.calls, ['arm', 'arm', 'unmask', 'mask', 'read 0 0 1', 'disarm']);
  t.same([...descriptors.open], [], 'the trigger is closed when the client leaves');
});

t.test('requests for interrupts that do not exist are refused', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  const cases: [Buffer, Answer['result']][] = [
    [irqs(EVENTFD | TRIGGER), DONE], // de-assign
    [irqs(NONE | TRIGGER, { count: 0 }), DONE],
    // The other types have no interrupts, so there is nothing to disable.
    ...[irq.MSI, irq.MSIX, irq.ERROR, irq.REQUEST].map((index): [Buffer, number[]] => [
      irqs(NONE | TRIGGER, { count: 0, index }),
      DONE,
    ]),
    [irqs(EVENTFD | TRIGGER, { index: irq.MSI }), 'EINVAL'],
    [irqs(EVENTFD | TRIGGER, { index: irq.ERROR }), 'EINVAL'],
    [irqs(NONE | UNMASK, { start: 1 }), 'EINVAL'],
    [irqs(NONE | UNMASK, { start: 1, count: 0xffffffff }), 'EINVAL'],
    [irqs(NONE | UNMASK, { count: 0 }), 'EINVAL'],
    [irqs(NONE | TRIGGER, { start: 1, count: 0 }), 'EINVAL'],
  ];
  for (const [body] of cases) send(command.DEVICE_SET_IRQS, body);
  t.same(
    (await answers()).slice(1).map(({ result }) => result),
    cases.map(([, result]) => result),
  );
  t.same(target.calls, ['disarm', 'disarm', 'disarm']);
});

const booleans = (flags: number, value: boolean) =>
  encodeSetIrqs({ flags, index: irq.INTX, start: 0, count: 1, booleans: [value] });

t.test('boolean data takes effect if it is true', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  for (const value of [false, true]) send(command.DEVICE_SET_IRQS, booleans(BOOL | UNMASK, value));
  await answers();
  t.same(target.calls, ['unmask', 'disarm']);
});

t.test('a client can trigger its own eventfd to test its wiring', async (t) => {
  const { send, hello, answers, target, descriptors } = setUp();
  hello();
  send(command.DEVICE_SET_IRQS, irqs(NONE | TRIGGER));
  send(command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER), [descriptors.event()]);
  send(command.DEVICE_SET_IRQS, irqs(NONE | TRIGGER));
  send(command.DEVICE_SET_IRQS, booleans(BOOL | TRIGGER, false));
  send(command.DEVICE_SET_IRQS, booleans(BOOL | TRIGGER, true));
  t.same(
    (await answers()).slice(1).map(({ result }) => result),
    ['EINVAL', DONE, DONE, DONE, DONE],
    'refused while there is none',
  );
  t.same(target.calls, ['arm', 'loopback', 'loopback', 'disarm']);
});

t.test('the no-reply flag suppresses replies, even error replies', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  send(command.REGION_WRITE, write(0, Buffer.of(9)), [], headerFlag.NO_REPLY);
  send(command.REGION_WRITE, write(64, Buffer.of(9)), [], headerFlag.NO_REPLY);
  send(command.REGION_READ, read(0, 1));
  t.same(
    (await answers()).map(({ id }) => id),
    [0, 3],
  );
  t.same(target.calls, ['write 0 0 09', 'read 0 0 1', 'disarm']);
});

t.test('messages are handled one after the other', async (t) => {
  const { send, hello, answers, target, wire } = setUp();
  let open = () => {};
  target.gate = new Promise((resolve) => {
    open = resolve;
  });
  hello();
  send(command.REGION_READ, read(1, 1));
  send(command.DEVICE_RESET);
  while (wire.written.length < 1) await new Promise(setImmediate);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  t.equal(wire.written.length, 1);
  t.same(target.calls, []);
  open();
  await answers();
  t.same(target.calls, ['read 0 1 1', 'reset', 'disarm']);
});

t.test('a stream that is out of step is closed', async (t) => {
  const reply = encodeMessage({ id: 1, command: command.DEVICE_RESET, flags: headerFlag.REPLY });
  const small = encodeMessage({ id: 1, command: command.DEVICE_RESET, flags: 0 });
  small.writeUInt32LE(15, 4);
  const large = encodeMessage({ id: 1, command: command.REGION_WRITE, flags: 0 });
  large.writeUInt32LE(0x7fffffff, 4);
  const cut = encodeMessage({ id: 1, command: command.REGION_READ, flags: 0 }, read(0, 4)).subarray(0, 20);
  const version = encodeMessage({ id: 1, command: command.VERSION, flags: 0 }, encodeVersion(1, 0));
  for (const [what, bytes] of Object.entries({ reply, small, large, cut, version })) {
    const { wire, done, descriptors, trace } = setUp();
    wire.feed(bytes, what === 'version' ? [] : [descriptors.event()]); // VERSION with one is refused sooner
    if (what === 'cut') wire.end();
    await done;
    t.equal(wire.isOpen, false, what);
    t.same(wire.written, [], `${what}: no answer`);
    t.same([...descriptors.open], [], `${what}: descriptors closed`);
    t.type(trace.since(0, 'vfio-user').at(-1)?.reason, 'string', `${what}: the trace has the reason`);
  }
});

t.test('errors of a target become error replies', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  target.failure = new HarnessError('SOCKET_CLOSED', { path: 'backend', when: 'just now' });
  send(command.REGION_READ, read(0, 1));
  t.equal((await answers())[1]?.result, 'EIO', 'EIO for an error without errno');
});

t.test('a bug in the target ends the session and is reported', async (t) => {
  const { send, hello, done, target, wire, descriptors } = setUp();
  hello();
  send(command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER), [descriptors.event()]);
  target.failure = new TypeError('a bug');
  send(command.REGION_READ, read(0, 1));
  await t.rejects(done, TypeError);
  t.equal(wire.isOpen, false);
  t.same([...descriptors.open], []);
});

const always = (outcome: Action['outcome'], only = 'REGION_READ'): ServeOptions => ({
  faults: {
    before: (message) =>
      message.command === only ? { delayMs: 0, outcome, takesQemuDown: undefined } : undefined,
  },
});

t.test('faults change the answers', async (t) => {
  const readFour = async (options: ServeOptions) => {
    const { send, hello, answers, target } = setUp(options);
    hello();
    send(command.REGION_READ, read(3, 4));
    return { answer: (await answers())[1]?.result, call: target.calls[0] };
  };
  /** The reply to a read of four bytes at 3: offset, region, count, then the data. */
  const data = (...bytes: number[]) => [3, 0, 0, bytes.length, ...wordsOf(Buffer.from(bytes))];
  const handled = 'read 0 3 4';
  const cases: [what: string, outcome: Action['outcome'], answer: unknown, call: string][] = [
    ['an action without outcome', undefined, data(3, 3, 3, 3), handled],
    ['drop', { kind: 'drop' }, undefined, handled],
    ['error', { kind: 'error', errno: errno.EIO }, 'EIO', 'disarm'],
    ['short', { kind: 'short', bytes: 1 }, data(3), handled],
    ['ones', { kind: 'ones' }, data(0xff, 0xff, 0xff, 0xff), handled],
    ['value', { kind: 'value', value: 0xaabb }, data(0xbb, 0xaa, 0, 0), handled],
    ['disconnect', { kind: 'disconnect' }, undefined, 'disarm'],
  ];
  t.same(await readFour({}), { answer: data(3, 3, 3, 3), call: handled }, 'no fault');
  for (const [what, outcome, answer, call] of cases)
    t.same(await readFour(always(outcome)), { answer, call }, what);
});

t.test('a delay ends with its connection', async (t) => {
  const { send, hello, done, wire } = setUp({
    faults: { before: () => ({ delayMs: 3_600_000, outcome: undefined, takesQemuDown: 'it gave up' }) },
  });
  hello();
  send(command.DEVICE_RESET);
  await new Promise(setImmediate);
  wire.close();
  await done;
  t.same(wire.written, []);
});
