import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { Trace } from '../base/trace.js';
import type { Action } from '../faults/hook.js';
import { FakeDescriptors, FakeWire } from '../testing/fake-wire.js';
import { command } from './command.js';
import { encodeDmaMap, encodeDmaUnmap } from './dma.js';
import { decodeHeader, encodeMessage, type Header } from './header.js';
import { encodeInfoRequest } from './info.js';
import { encodeAccess } from './region-access.js';
import { runSession, type ServeOptions } from './session.js';
import { encodeSetIrqs } from './set-irqs.js';
import type { Target } from './target.js';
import { encodeVersion } from './version.js';

/** Region 0 of 64 bytes for both, region 1 of 4 bytes to read, region 2 of 4 bytes to write. */
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
  mask(): void {
    this.calls.push('mask');
  }
  unmask(): void {
    this.calls.push('unmask');
  }
}

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
  /** Ends the connection and gives what was answered: `errno` or the body in hex, by message id. */
  const answers = async (): Promise<[number, string | number][]> => {
    wire.end();
    await done;
    return wire.written.map((message) => {
      const header: Header = decodeHeader(message);
      return [header.id, header.flags === 0x21 ? header.error : message.subarray(16).toString('hex')];
    });
  };
  return { wire, descriptors, target, trace, done, send, hello, answers };
};

const irqs = (flags: number, count = 1, index = 0, start = 0) =>
  encodeSetIrqs({ flags, index, start, count });
const read = (offset: number, count: number, region = 0) => encodeAccess(BigInt(offset), region, count);
const write = (offset: number, data: Buffer, region = 0) =>
  encodeAccess(BigInt(offset), region, data.length, data);

t.test('what QEMU says when it takes a function in is answered', async (t) => {
  const { send, hello, answers, target, descriptors } = setUp();
  hello();
  const memory = descriptors.other();
  send(command.DMA_MAP, encodeDmaMap({ flags: 3, offset: 0n, address: 0n, size: 0xa0000n }), [memory]);
  send(command.DEVICE_GET_INFO, encodeInfoRequest(16));
  send(command.DEVICE_GET_REGION_INFO, encodeInfoRequest(32, 0));
  send(command.DEVICE_GET_REGION_INFO, encodeInfoRequest(32, 3));
  send(command.DEVICE_GET_IRQ_INFO, encodeInfoRequest(16, 0));
  send(command.DEVICE_GET_IRQ_INFO, encodeInfoRequest(16, 2));
  send(command.DEVICE_GET_IRQ_INFO, encodeInfoRequest(16, 3));
  send(command.REGION_READ, read(5, 2));
  send(command.REGION_WRITE, write(6, Buffer.of(1, 2)));
  send(command.DEVICE_RESET);
  const unmap = encodeDmaUnmap({ address: 0n, size: 0xa0000n });
  send(command.DMA_UNMAP, unmap);
  t.same(await answers(), [
    [0, '00000000'],
    [1, ''],
    [2, '10000000030000000900000005000000'],
    [3, '200000000300000000000000000000004000000000000000' + '0000000000000000'],
    [4, '200000000000000003000000000000000000000000000000' + '0000000000000000'],
    [5, '10000000070000000000000001000000'],
    [6, '10000000000000000200000000000000'],
    [7, 22],
    [8, '05000000000000000000000002000000' + '0505'],
    [9, '06000000000000000000000002000000'],
    [10, ''],
    [11, unmap.toString('hex')],
  ]);
  t.same(target.calls, ['read 0 5 2', 'write 0 6 0102', 'reset', 'disarm']);
  t.same([...descriptors.open], [], 'the memory descriptor is closed');
});

t.test('accesses that the regions do not allow are refused and the client stays', async (t) => {
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
    given.slice(1, -1).map(([, answer]) => answer),
    outside.map(() => 22),
  );
  t.same(target.calls, ['read 0 60 4', 'disarm']);
});

t.test('a read larger than the client takes is refused', async (t) => {
  const { send, answers } = setUp();
  send(command.VERSION, encodeVersion(0, 0, { max_data_xfer_size: 8 }));
  send(command.REGION_READ, read(0, 9));
  send(command.REGION_READ, read(0, 8));
  const given = await answers();
  t.equal(given[1]?.[1], 22);
  t.match(given[2]?.[1], /^0+800000000+$/);
});

t.test('VERSION comes first and once', async (t) => {
  const { send, hello, answers, target } = setUp();
  send(command.DEVICE_RESET);
  hello();
  hello();
  t.same(await answers(), [
    [0, 22],
    [1, '00000000'],
    [2, 22],
  ]);
  t.same(target.calls, ['disarm']);
});

t.test('an eventfd becomes the trigger; anything else is closed and refused', async (t) => {
  const { send, hello, answers, target, descriptors, wire } = setUp();
  hello();
  const [first, second, wrong, stray] = [
    descriptors.event(),
    descriptors.event(),
    descriptors.other(),
    descriptors.event(),
  ];
  send(command.DEVICE_SET_IRQS, irqs(0x24), [first]);
  send(command.DEVICE_SET_IRQS, irqs(0x24), [wrong]);
  send(command.DEVICE_SET_IRQS, irqs(0x24), [second]);
  send(command.DEVICE_SET_IRQS, irqs(0x11));
  send(command.DEVICE_SET_IRQS, irqs(0x09));
  send(command.DEVICE_SET_IRQS, irqs(0x14), [stray]);
  send(command.REGION_READ, read(0, 1));
  while (wire.written.length < 8) await new Promise(setImmediate);
  t.same([...descriptors.open], [second], 'only the trigger is open');
  t.same(
    (await answers()).map(([, answer]) => answer),
    ['00000000', '', 22, '', '', '', 95, '0000000000000000000000000100000000'],
  );
  t.same(target.calls, ['arm', 'arm', 'unmask', 'mask', 'read 0 0 1', 'disarm']);
  t.same([...descriptors.open], [], 'the trigger is closed when the client leaves');
});

t.test('interrupts that are not there', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  send(command.DEVICE_SET_IRQS, irqs(0x24)); // de-assign
  send(command.DEVICE_SET_IRQS, irqs(0x21, 0));
  send(command.DEVICE_SET_IRQS, irqs(0x21, 0, 2)); // MSI-X has none to disable: nothing to do
  send(command.DEVICE_SET_IRQS, irqs(0x21, 0, 3));
  send(command.DEVICE_SET_IRQS, irqs(0x24, 1, 1));
  send(command.DEVICE_SET_IRQS, irqs(0x11, 1, 0, 1));
  send(command.DEVICE_SET_IRQS, irqs(0x11, 0xffffffff, 0, 1));
  send(command.DEVICE_SET_IRQS, irqs(0x11, 0));
  send(command.DEVICE_SET_IRQS, irqs(0x21, 1)); // the client would like to raise it itself
  t.same(
    (await answers()).slice(1).map(([, answer]) => answer),
    ['', '', '', 22, 22, 22, 22, 22, 95],
  );
  t.same(target.calls, ['disarm', 'disarm', 'disarm']);
});

t.test('boolean data acts where it is true', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  for (const value of [false, true])
    send(
      command.DEVICE_SET_IRQS,
      encodeSetIrqs({ flags: 0x12, index: 0, start: 0, count: 1, booleans: [value] }),
    );
  await answers();
  t.same(target.calls, ['unmask', 'disarm']);
});

t.test('no reply where none is wanted, not even for an error', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  send(command.REGION_WRITE, write(0, Buffer.of(9)), [], 0x10);
  send(command.REGION_WRITE, write(64, Buffer.of(9)), [], 0x10);
  send(command.REGION_READ, read(0, 1));
  t.same(
    (await answers()).map(([id]) => id),
    [0, 3],
  );
  t.same(target.calls, ['write 0 0 09', 'read 0 0 1', 'disarm']);
});

t.test('messages wait for the one before', async (t) => {
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

t.test('a stream out of step is closed', async (t) => {
  const reply = encodeMessage({ id: 1, command: command.DEVICE_RESET, flags: 1 });
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
    t.type(trace.events.at(-1)?.reason, 'string', `${what}: the trace has the reason`);
  }
});

t.test('what a target refuses, and what it cannot do', async (t) => {
  const { send, hello, answers, target } = setUp();
  hello();
  target.failure = new HarnessError('SOCKET_CLOSED', { path: 'backend', when: 'just now' });
  send(command.REGION_READ, read(0, 1));
  t.equal((await answers())[1]?.[1], 5, 'EIO for an error without errno');
});

t.test('a bug in the target ends the session and is not swallowed', async (t) => {
  const { send, hello, done, target, wire, descriptors } = setUp();
  hello();
  send(command.DEVICE_SET_IRQS, irqs(0x24), [descriptors.event()]);
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

t.test('faults', async (t) => {
  const readFour = async (options: ServeOptions) => {
    const { send, hello, answers, target } = setUp(options);
    hello();
    send(command.REGION_READ, read(3, 4));
    const given = (await answers()).slice(1).map(([, answer]) => answer);
    return [given[0], target.calls[0]];
  };
  const head = (count: number) => `0300000000000000000000000${count}000000`;
  t.same(await readFour({}), [`${head(4)}03030303`, 'read 0 3 4'], 'none');
  t.same(
    await readFour(always(undefined)),
    [`${head(4)}03030303`, 'read 0 3 4'],
    'an action without outcome',
  );
  t.same(await readFour(always({ kind: 'drop' })), [undefined, 'read 0 3 4']);
  t.same(await readFour(always({ kind: 'error', errno: 5 })), [5, 'disarm']);
  t.same(await readFour(always({ kind: 'short', bytes: 1 })), [`${head(1)}03`, 'read 0 3 4']);
  t.same(await readFour(always({ kind: 'ones' })), [`${head(4)}ffffffff`, 'read 0 3 4']);
  t.same(await readFour(always({ kind: 'value', value: 0xaabb })), [`${head(4)}bbaa0000`, 'read 0 3 4']);
  t.same(await readFour(always({ kind: 'disconnect' })), [undefined, 'disarm']);
});

t.test('a delayed answer does not outlive its connection', async (t) => {
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
