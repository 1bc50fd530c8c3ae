import t from 'tap';
import { HarnessError } from '../base/errors.js';
import type { Action } from '../faults/hook.js';
import { type Answer, done, startSession, VERSION_0_0, wordsOf } from '../testing/fake-session.js';
import { encodeDmaMap, encodeDmaUnmap, encodeInfoRequest } from '../testing/vfio-user-requests.js';
import { command } from './command.js';
import { encodeMessage, headerFlag } from './header.js';
import { INTX_FLAGS, irq, region } from './info.js';
import { errno } from './refusal.js';
import { encodeAccess } from './region-access.js';
import type { ServeOptions } from './session.js';
import { encodeSetIrqs, irqAction, irqData } from './set-irqs.js';
import { encodeVersion } from './version.js';

const read = (offset: number, count: number, index = 0) => encodeAccess(BigInt(offset), index, count);
const write = (offset: number, data: Buffer, index = 0) =>
  encodeAccess(BigInt(offset), index, data.length, data);

t.test('the requests of QEMU when it attaches a function are answered', async (t) => {
  const { send, hello, answers, target, descriptors } = startSession();
  const memory = descriptors.other();
  const range = { address: 0x1000n, size: 0xa0000n };
  const [argsz, flags] = [
    { device: 16, region: 32, irq: 16 },
    { resetAndPci: 3, readWrite: 3 },
  ];
  const conversation: [send: () => void, result: Answer['result']][] = [
    [hello, VERSION_0_0],
    [() => send(command.DMA_MAP, encodeDmaMap({ flags: 3, offset: 0n, ...range }), [memory]), done],
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
    [() => send(command.DEVICE_RESET), done],
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
  const { send, hello, answers, target } = startSession();
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
  const { send, answers } = startSession();
  send(command.VERSION, encodeVersion(0, 0, { max_data_xfer_size: 8 }));
  send(command.REGION_READ, read(0, 9));
  send(command.REGION_READ, read(0, 8));
  const given = await answers();
  t.equal(given[1]?.result, 'EINVAL');
  t.same(given[2]?.result, [0, 0, 0, 8, 0, 0]);
});

t.test('VERSION must come first, and only once', async (t) => {
  const { send, hello, answers, target } = startSession();
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

t.test('the no-reply flag suppresses replies, even error replies', async (t) => {
  const { send, hello, answers, target } = startSession();
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
  const { send, hello, answers, target, wire } = startSession();
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
    const { wire, ended, descriptors, trace } = startSession();
    wire.feed(bytes, what === 'version' ? [] : [descriptors.event()]); // VERSION with one is refused sooner
    if (what === 'cut') wire.end();
    await ended;
    t.equal(wire.isOpen, false, what);
    t.same(wire.written, [], `${what}: no answer`);
    t.same([...descriptors.open], [], `${what}: descriptors closed`);
    t.type(trace.since(0, 'vfio-user').at(-1)?.reason, 'string', `${what}: the trace has the reason`);
  }
});

t.test('errors of a target become error replies', async (t) => {
  const { send, hello, answers, target } = startSession();
  hello();
  target.failure = new HarnessError('SOCKET_CLOSED', { path: 'backend', when: 'just now' });
  send(command.REGION_READ, read(0, 1));
  t.equal((await answers())[1]?.result, 'EIO', 'EIO for an error without errno');
});

t.test('a bug in the target ends the session and is reported', async (t) => {
  const { send, hello, ended, target, wire, descriptors } = startSession();
  hello();
  send(
    command.DEVICE_SET_IRQS,
    encodeSetIrqs({ flags: irqData.EVENTFD | irqAction.TRIGGER, index: irq.INTX, start: 0, count: 1 }),
    [descriptors.event()],
  );
  target.failure = new TypeError('a bug');
  send(command.REGION_READ, read(0, 1));
  await t.rejects(ended, TypeError);
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
    const { send, hello, answers, target } = startSession(options);
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
  const { send, hello, ended, wire } = startSession({
    faults: { before: () => ({ delayMs: 3_600_000, outcome: undefined, takesQemuDown: 'it gave up' }) },
  });
  hello();
  send(command.DEVICE_RESET);
  await new Promise(setImmediate);
  wire.close();
  await ended;
  t.same(wire.written, []);
});
