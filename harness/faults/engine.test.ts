import t from 'tap';
import { FaultEngine } from './engine.js';
import type { Fault, FaultPlan } from './fault.js';
import type { MessageView } from './hook.js';

const setUp = (plan: FaultPlan) => {
  const jumps: bigint[] = [];
  const engine = new FaultEngine({ jumpClock: (us) => jumps.push(us) });
  engine.set(plan);
  return { engine, jumps };
};

const read = (offset: number, width = 4): MessageView => ({
  protocol: 'vfio-user',
  command: 'REGION_READ',
  region: 0,
  offset,
  width,
});
const reset: MessageView = { protocol: 'vfio-user', command: 'DEVICE_RESET' };
const getConfig: MessageView = { protocol: 'vhost-user', command: 'GET_CONFIG', offset: 4, width: 4 };

/** The numbers, from 1, of the messages out of `count` that are affected. */
const hit = (fault: Fault, count: number, message = read(24), seed = 1): number[] => {
  const { engine } = setUp({ seed, faults: [fault] });
  return Array.from({ length: count }, (_, at) => at + 1).filter(() => engine.before(message) !== undefined);
};

t.test('from and times select the affected messages', async (t) => {
  t.same(hit({ kind: 'drop' }, 3), [1, 2, 3]);
  t.same(hit({ kind: 'drop', when: { from: 3 } }, 5), [3, 4, 5]);
  t.same(hit({ kind: 'drop', when: { from: 2, times: 2 } }, 5), [2, 3]);
  t.same(hit({ kind: 'drop', when: { probability: 0 } }, 5), []);
});

t.test('only messages that match are counted', async (t) => {
  const { engine } = setUp({
    faults: [{ kind: 'ones', when: { command: 'REGION_READ', region: 0, offset: 24, width: 4, from: 2 } }],
  });
  for (const other of [read(28), read(24, 2), { ...read(24), region: 7 }, reset, getConfig])
    t.equal(engine.before(other), undefined);
  t.equal(engine.before(read(24)), undefined, 'the first');
  t.same(engine.before(read(24))?.outcome, { kind: 'ones' }, 'the second');
  t.same(
    engine.state().map(({ hits }) => hits),
    [1],
  );
});

t.test('the seed decides which messages are affected by chance', async (t) => {
  const fault: Fault = { kind: 'drop', when: { probability: 0.5 } };
  const first = hit(fault, 200);
  t.same(hit(fault, 200), first);
  t.not(hit(fault, 200, read(24), 2).join(), first.join());
  t.ok(first.length > 60 && first.length < 140, `${first.length} of 200`);
});

t.test('only the data of a read can be replaced', async (t) => {
  for (const fault of [{ kind: 'ones' }, { kind: 'short', bytes: 1 }, { kind: 'value', value: 1 }] as const) {
    t.same(hit(fault, 1, reset), [], fault.kind);
    t.same(hit(fault, 1), [1], fault.kind);
    t.same(hit(fault, 1, getConfig), [1], fault.kind);
  }
});

t.test('faults combine', async (t) => {
  const { engine, jumps } = setUp({
    faults: [
      { kind: 'delay', ms: 3000 },
      { kind: 'clock-jump', us: 5_000_000 },
      { kind: 'value', value: 7 },
      { kind: 'delay', ms: 2000 },
      { kind: 'disconnect' },
      { kind: 'clock-jump', us: -1 },
    ],
  });
  t.match(engine.before(read(32)), { delayMs: 5000, outcome: { kind: 'value', value: 7 } });
  t.same(jumps, [5_000_000n, -1n]);
});

t.test('an action that QEMU may not survive says why', async (t) => {
  const reason = (fault: Fault, message: MessageView = read(24)) =>
    setUp({ faults: [fault] }).engine.before(message)?.takesQemuDown;
  for (const harmless of [
    { kind: 'delay', ms: 4999 },
    { kind: 'ones' },
    { kind: 'value', value: 1 },
    { kind: 'short', bytes: 1 },
    { kind: 'error', errno: 5 },
    { kind: 'clock-jump', us: 1 },
  ] as const)
    t.equal(reason(harmless), undefined, harmless.kind);
  t.match(reason({ kind: 'delay', ms: 5000 }), /silent for 5000 ms/);
  t.match(reason({ kind: 'drop' }), /drops the server/);
  t.match(reason({ kind: 'disconnect' }), /abort/);
  t.match(reason({ kind: 'error', errno: 5 }, { protocol: 'vfio-user', command: 'DMA_MAP' }), /memory/);
  t.match(reason({ kind: 'error', errno: 5 }, { protocol: 'vfio-user', command: 'VERSION' }), /refuses/);
  t.equal(reason({ kind: 'disconnect' }, getConfig), undefined, 'the function survives its backend');
  const { engine } = setUp({ faults: [1, 2].map(() => ({ kind: 'delay', ms: 2500 })) });
  t.match(engine.before(read(24))?.takesQemuDown, /silent/, 'two delays together');
});

t.test('a plan can be replaced and cleared', async (t) => {
  const { engine } = setUp({ faults: [{ kind: 'drop', when: { times: 1 } }] });
  t.ok(engine.before(reset));
  t.equal(engine.before(reset), undefined);
  engine.set({ faults: [{ kind: 'drop', when: { times: 1 } }] });
  t.ok(engine.before(reset), 'counts are reset');
  engine.clear();
  t.equal(engine.before(reset), undefined);
  t.same(engine.state(), []);
});
