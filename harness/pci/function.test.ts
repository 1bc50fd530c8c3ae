import t from 'tap';
import { Trace } from '../base/trace.js';
import { FakeFrontEnd } from '../testing/fake-front-end.js';
import { type GenerationName, generations } from '../vmmci/generations.js';
import { PciFunction } from './function.js';
import type { StalePolicy } from './stale.js';

const CONFIG = 7;
const TRIGGER = 40;

const setUp = async ({
  generation = '8.0',
  stale = 'repeat',
  attach = true,
  unread = false,
}: {
  generation?: GenerationName;
  stale?: StalePolicy;
  attach?: boolean;
  /** True if the client has not read its eventfd. */
  unread?: boolean;
} = {}) => {
  const trace = new Trace();
  const eventfds: string[] = [];
  const frontEnd = new FakeFrontEnd();
  const pci = new PciFunction({
    generation: generations[generation],
    stale,
    trace: trace.sink,
    eventfds: {
      signal: (fd) => eventfds.push(`signal ${fd}`),
      withdraw: () => unread,
      close: (fd) => eventfds.push(`close ${fd}`),
    },
  });
  if (attach) await pci.attach(frontEnd);
  /** A port access; `read(offset, width)` returns the value in hexadecimal. */
  const read = async (offset: number, width: number) =>
    (await pci.read(0, offset, width)).readUIntLE(0, width).toString(16);
  const write = async (offset: number, width: number, value: number) => {
    const data = Buffer.alloc(width);
    data.writeUIntLE(value, 0, width);
    await pci.write(0, offset, data);
  };
  /** The number of signals since the last call. */
  const signals = () => eventfds.splice(0).filter((entry) => entry === `signal ${TRIGGER}`).length;
  return { pci, frontEnd, trace, eventfds, read, write, signals };
};

t.test('the virtio header after power-on', async (t) => {
  const { read, frontEnd } = await setUp();
  const values = [];
  for (const [offset, width] of [
    [0, 4],
    [4, 4],
    [8, 4],
    [12, 2],
    [14, 2],
    [16, 2],
    [18, 1],
    [19, 1],
  ] as const)
    values.push(await read(offset, width));
  t.same(values, ['7', '0', '0', '0', '0', '0', '0', '0']);
  t.same(frontEnd.calls, [], 'no request reached the backend');
});

t.test('writable registers store values, and two of them are forwarded to the backend', async (t) => {
  const { read, write, frontEnd } = await setUp();
  await write(4, 4, 0x80000007);
  await write(8, 4, 0xdeadbeef);
  await write(14, 2, 0x1234);
  await write(16, 2, 0x5678);
  await write(18, 1, 0x07);
  t.same(
    [await read(4, 4), await read(8, 4), await read(14, 2), await read(16, 2), await read(18, 1)],
    ['80000007', 'deadbeef', '1234', '5678', '7'],
    'as written, nothing masked',
  );
  t.same(frontEnd.calls, ['features 7', 'status 7'], 'only offered features are accepted');
});

t.test('the width of an access is ignored', async (t) => {
  const { read, write, frontEnd } = await setUp();
  await write(4, 4, 0x11223344);
  t.same([await read(4, 1), await read(4, 2)], ['44', '3344']);
  await write(4, 1, 0x99);
  t.equal(await read(4, 4), '99', 'a narrow write is zero-extended');
  await write(14, 4, 0xaabbccdd);
  t.equal(await read(14, 4), 'ccdd', 'queue select holds 16 bits');
  await write(18, 4, 0x0102_0304);
  t.equal(await read(18, 4), '4', 'status holds 8 bits');
  t.same(frontEnd.calls.slice(-1), ['status 4']);
  await write(16, 2, 0);
  frontEnd.change();
  t.equal(await read(16, 4), '0', 'a dword read at 16 returns only the notify register');
  t.equal(await read(19, 1), '2', 'that read does not clear ISR');
});

t.test('read-only registers and gaps ignore writes', async (t) => {
  const { read, write, frontEnd } = await setUp();
  frontEnd.change();
  for (const offset of [0, 1, 2, 5, 7, 12, 13, 15, 17, 19]) await write(offset, 1, 0xff);
  t.same(
    [await read(0, 4), await read(4, 4), await read(12, 2), await read(18, 1), await read(19, 1)],
    ['7', '0', '0', '0', '2'],
  );
  t.same(frontEnd.calls, []);
});

t.test('writing status 0 is not a reset', async (t) => {
  const { read, write, frontEnd, pci } = await setUp();
  await write(4, 4, 7);
  await write(18, 1, 7);
  frontEnd.change();
  await write(18, 1, 0);
  t.same([await read(18, 1), await read(4, 4)], ['0', '7']);
  t.equal(pci.state().line, 'high');
  t.equal(await read(19, 1), '2');
  t.same(frontEnd.calls, ['features 7', 'status 7', 'status 0']);
});

t.test('accesses to the config area are forwarded with the offset and width of the guest', async (t) => {
  const { read, write, frontEnd } = await setUp();
  t.same([await read(24, 4), await read(24, 2), await read(24, 1)], ['5c7a1b2d', '1b2d', '2d']);
  await write(20, 4, 2);
  await write(20, 1, 3);
  await write(273, 2, 5);
  t.same(frontEnd.calls, ['get 4 4', 'get 4 2', 'get 4 1', 'set 0 02000000', 'set 0 03', 'set 253 0500']);
});

t.test('no register starts beyond the range of GET_CONFIG', async (t) => {
  const { read, write, frontEnd } = await setUp();
  await read(24, 4);
  t.equal(await read(276, 4), '5c7a1b2d');
  t.equal(await read(0xffc, 4), '5c7a1b2d');
  t.equal(await read(274, 4), '5c7a1b2d');
  await write(274, 4, 1);
  await write(0xffc, 4, 1);
  t.same(frontEnd.calls, ['get 4 4', 'get 254 2']);
});

t.test('byte reads repeat the low byte of the register', async (t) => {
  for (const whole of [true, false]) {
    const { read, frontEnd } = await setUp();
    frontEnd.whole = whole;
    const bytes = [];
    for (let at = 0; at < 8; at++) bytes.push(await read(24 + at, 1));
    t.same(bytes, ['2d', '2d', '2d', '2d', '0', '0', '0', '0'], `whole registers: ${whole}`);
  }
});

t.test('a stale read returns the last register, truncated', async (t) => {
  const { read, trace } = await setUp();
  t.equal(await read(21, 4), '0', 'no register was read before');
  await read(24, 1);
  t.equal(await read(25, 1), '2d');
  t.equal(await read(25, 2), '1b2d');
  t.equal(await read(1, 4), '5c7a1b2d', 'also between the registers of the header');
  await read(0, 4);
  t.equal(await read(13, 2), '7', 'a header register counts as well');
  t.match(trace.events.at(-1), { kind: 'bar-read', offset: 13, width: 2, value: 7, stale: true });
  t.match(trace.events.at(-2), { kind: 'bar-read', offset: 0, width: 4, value: 7, stale: false });
});

t.test('the stale policies ones and zero', async (t) => {
  for (const [stale, expected] of [
    ['ones', ['ff', 'ffff', 'ffffffff']],
    ['zero', ['0', '0', '0']],
  ] as const) {
    const { read } = await setUp({ stale });
    await read(24, 4);
    t.same([await read(25, 1), await read(25, 2), await read(25, 4)], expected, stale);
  }
});

t.test('a config change sets ISR and signals; reading ISR clears it and lowers the line', async (t) => {
  const { pci, read, frontEnd, signals, trace } = await setUp();
  pci.arm(TRIGGER);
  frontEnd.change();
  t.equal(signals(), 1);
  t.match(pci.state(), { isr: 2, line: 'high', interrupts: 1 });
  t.same([await read(19, 1), await read(19, 1)], ['2', '0']);
  t.match(pci.state(), { isr: 0, line: 'low' });
  pci.unmask();
  t.equal(signals(), 0, 'no signal is pending');
  t.same(
    trace.since(0, 'interrupt').map(({ line, isr }) => `${line} ${isr}`),
    ['raise 2', 'lower 0'],
  );
  t.same(
    trace.since(0, 'irq').map(({ event }) => event),
    ['armed', 'unmask'],
  );
});

t.test('an unmask while ISR is set signals again only in 8.0', async (t) => {
  for (const [generation, expected] of [
    ['6.2', 0],
    ['7.9', 0],
    ['8.0', 1],
  ] as const) {
    const { pci, frontEnd, signals } = await setUp({ generation });
    pci.arm(TRIGGER);
    frontEnd.change();
    signals();
    pci.unmask();
    t.equal(signals(), expected, generation);
  }
});

t.test('in 8.0 a read of ISR takes back a signal that the client has not read', async (t) => {
  for (const [generation, unread, expected] of [
    ['8.0', true, 1],
    ['8.0', false, 0],
    ['7.9', true, 0],
  ] as const) {
    const { pci, read, frontEnd, signals } = await setUp({ generation, unread });
    pci.arm(TRIGGER);
    frontEnd.change();
    signals();
    await read(19, 1);
    frontEnd.change();
    t.equal(signals(), expected, `signals without an unmask in ${generation}`);
  }
});

t.test('in 6.2 a read of ISR does not lower the line', async (t) => {
  const { pci, read, frontEnd } = await setUp({ generation: '6.2' });
  frontEnd.change();
  t.equal(await read(19, 1), '2');
  t.match(pci.state(), { isr: 0, line: 'high' });
});

t.test('a config change that arrives before an answer takes effect before it', async (t) => {
  const { read, frontEnd, pci } = await setUp();
  let open = () => {};
  frontEnd.gate = new Promise((resolve) => {
    open = resolve;
  });
  const command = read(20, 4);
  frontEnd.change();
  t.equal(pci.state().isr, 2);
  open();
  t.equal(await command, '2');
  t.equal(await read(19, 1), '2');
});

t.test('the eventfd is closed when it is replaced and when the interrupt is disabled', async (t) => {
  const { pci, eventfds } = await setUp();
  pci.arm(TRIGGER);
  pci.arm(TRIGGER + 1);
  pci.arm(null);
  pci.arm(null);
  t.same(eventfds, [`close ${TRIGGER}`, `close ${TRIGGER + 1}`]);
});

t.test('a reset restores the state after a cold start, in the backend too', async (t) => {
  const { pci, read, write, frontEnd, signals } = await setUp();
  pci.arm(TRIGGER);
  await write(4, 4, 7);
  await write(8, 4, 1);
  await write(14, 2, 1);
  await write(16, 2, 1);
  await write(18, 1, 7);
  await pci.write(CONFIG, 4, Buffer.of(7, 4));
  await read(24, 4);
  frontEnd.change();
  signals();
  let open = () => {};
  frontEnd.gate = new Promise((resolve) => {
    open = resolve;
  });
  const reset = pci.reset();
  frontEnd.change(); // was on its way before the backend heard of the reset
  open();
  await reset;
  signals();
  t.equal(frontEnd.calls.at(-1), 'reset');
  t.equal(await read(25, 4), '0', 'the last value is reset');
  t.same([await read(4, 4), await read(8, 4), await read(14, 2)], ['0', '0', '0']);
  t.same([await read(16, 2), await read(18, 1), await read(19, 1)], ['0', '0', '0']);
  t.same(await pci.read(CONFIG, 4, 2), Buffer.of(0, 0));
  t.match(pci.state(), { line: 'low', armed: true, isr: 0 });
  pci.unmask();
  t.equal(signals(), 0);
  frontEnd.change();
  t.equal(signals(), 1, 'still armed');
});

t.test('without a backend reads are ones and writes are dropped', async (t) => {
  const { pci, read, write, trace } = await setUp({ attach: false });
  await write(4, 4, 7);
  await write(18, 1, 7);
  t.same(
    [await read(0, 4), await read(18, 1), await read(24, 2), await read(25, 1)],
    ['ffffffff', 'ff', 'ffff', 'ff'],
  );
  t.match(trace.events.at(-1), { kind: 'bar-read', value: 0xff, stale: false, absent: true });
  t.match(trace.events[0], { kind: 'bar-write', offset: 4, absent: true });
  t.match(pci.state(), { attached: false, guestFeatures: 0, status: 0 });
  t.same(
    await pci.read(CONFIG, 0, 4),
    Buffer.of(0x5d, 0x0b, 0x77, 0x07),
    'configuration space still answers',
  );
});

t.test('a backend dies, and another one is attached', async (t) => {
  const { pci, read, write, frontEnd, signals, trace } = await setUp();
  pci.arm(TRIGGER);
  await write(4, 4, 5);
  await write(18, 1, 3);
  await write(18, 1, 7);
  let open = () => {};
  frontEnd.gate = new Promise((resolve) => {
    open = resolve;
  });
  const pending = read(24, 4);
  frontEnd.close();
  open();
  t.equal(await pending, 'ffffffff', 'the access that was waiting');
  t.equal(await read(18, 1), 'ff');
  await write(18, 1, 0);
  frontEnd.change();
  t.match(pci.state(), { attached: false, isr: 0 }, 'a dead backend raises no interrupt');
  t.match(
    trace.since(0, 'backend').map(({ event }) => event),
    ['attached', 'lost', 'failed'],
  );

  const next = new FakeFrontEnd();
  await pci.attach(next);
  t.same(next.calls, ['features 5', 'status 7'], 'the values that the guest wrote, once');
  t.same([await read(18, 1), await read(24, 4)], ['7', '5c7a1b2d']);
  t.equal(signals(), 0);
  t.equal(pci.state().isr, 0);
  next.change();
  t.equal(signals(), 1);
});

t.test('a new backend gets no value that the guest has not written', async (t) => {
  const { frontEnd } = await setUp();
  t.same(frontEnd.calls, []);
});

t.test('a backend gets a reset that it missed', async (t) => {
  const { pci, write, frontEnd } = await setUp();
  await write(4, 4, 7);
  frontEnd.close();
  await frontEnd.closed;
  await pci.reset();
  const next = new FakeFrontEnd();
  await pci.attach(next);
  t.same(next.calls, ['reset']);
});

t.test('a second front-end replaces the first', async (t) => {
  const { pci, frontEnd } = await setUp();
  const next = new FakeFrontEnd();
  await pci.attach(next);
  t.equal(frontEnd.isClosed, true);
  await frontEnd.closed;
  t.equal(pci.state().attached, true, 'the end of the old one does not detach the new one');
  pci.detach();
  t.equal(next.isClosed, true);
  t.equal(pci.state().attached, false);
});

t.test('port accesses are 1, 2 or 4 bytes wide', async (t) => {
  const { pci } = await setUp();
  for (const width of [3, 5, 8, 4096]) {
    const expected = {
      code: 'PROTOCOL',
      message: `vfio-user: port access of ${width} bytes, expected 1, 2 or 4`,
    };
    await t.rejects(pci.read(0, 0, width), expected);
    await t.rejects(pci.write(0, 0, Buffer.alloc(width)), expected);
  }
});

t.test('a bug in a front-end is reported', async (t) => {
  const { read, frontEnd } = await setUp();
  frontEnd.gate = Promise.reject(new TypeError('a bug'));
  await t.rejects(read(24, 4), TypeError);
});
