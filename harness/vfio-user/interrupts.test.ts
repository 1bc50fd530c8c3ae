// SET_IRQS in a session: the trigger of INTx, and interrupts that the function does not have.

import t from 'tap';
import { type Answer, done, startSession, VERSION_0_0 } from '../testing/fake-session.js';
import { command } from './command.js';
import { irq } from './info.js';
import { encodeAccess } from './region-access.js';
import { encodeSetIrqs, irqAction, irqData } from './set-irqs.js';

/** A SET_IRQS request (default: for INTx). */
const irqs = (flags: number, { count = 1, index = irq.INTX as number, start = 0 } = {}) =>
  encodeSetIrqs({ flags, index, start, count });
const { NONE, BOOL, EVENTFD } = irqData;
const { MASK, UNMASK, TRIGGER } = irqAction;
const read = (offset: number, count: number, index = 0) => encodeAccess(BigInt(offset), index, count);

t.test('only an eventfd is accepted as the trigger; others are closed and refused', async (t) => {
  const { send, hello, answers, target, descriptors, wire } = startSession();
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
    [VERSION_0_0, done, 'EINVAL', done, done, done, 'EOPNOTSUPP', [0, 0, 0, 1, 0]],
  );
  t.same(target.calls, ['arm', 'arm', 'unmask', 'mask', 'read 0 0 1', 'disarm']);
  t.same([...descriptors.open], [], 'the trigger is closed when the client leaves');
});

t.test('requests for interrupts that do not exist are refused', async (t) => {
  const { send, hello, answers, target } = startSession();
  hello();
  const cases: [Buffer, Answer['result']][] = [
    [irqs(EVENTFD | TRIGGER), done], // de-assign
    [irqs(NONE | TRIGGER, { count: 0 }), done],
    // The other types have no interrupts, so there is nothing to disable.
    ...[irq.MSI, irq.MSIX, irq.ERROR, irq.REQUEST].map((index): [Buffer, number[]] => [
      irqs(NONE | TRIGGER, { count: 0, index }),
      done,
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
  const { send, hello, answers, target } = startSession();
  hello();
  for (const value of [false, true]) send(command.DEVICE_SET_IRQS, booleans(BOOL | UNMASK, value));
  await answers();
  t.same(target.calls, ['unmask', 'disarm']);
});

t.test('a client can trigger its own eventfd to test its wiring', async (t) => {
  const { send, hello, answers, target, descriptors } = startSession();
  hello();
  send(command.DEVICE_SET_IRQS, irqs(NONE | TRIGGER));
  send(command.DEVICE_SET_IRQS, irqs(EVENTFD | TRIGGER), [descriptors.event()]);
  send(command.DEVICE_SET_IRQS, irqs(NONE | TRIGGER));
  send(command.DEVICE_SET_IRQS, booleans(BOOL | TRIGGER, false));
  send(command.DEVICE_SET_IRQS, booleans(BOOL | TRIGGER, true));
  t.same(
    (await answers()).slice(1).map(({ result }) => result),
    ['EINVAL', done, done, done, done],
    'refused while there is none',
  );
  t.same(target.calls, ['arm', 'loopback', 'loopback', 'disarm']);
});
