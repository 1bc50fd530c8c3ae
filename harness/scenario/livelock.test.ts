import t from 'tap';
import { HarnessError } from '../base/errors.js';
import { Trace, type TraceData } from '../base/trace.js';
import { verdictOf } from '../run/verdict.js';
import { explainCut, livelockWatch } from './livelock.js';

/**
 * Feeds events that are `us` apart; returns the first livelock with the number of the event at which it was
 * found.
 */
const watch = (events: Iterable<TraceData>, us = 200, of?: string) => {
  let now = 0n;
  const trace = new Trace({ now: () => now });
  const feed = livelockWatch(of);
  let found: { at: number; error: HarnessError } | undefined;
  let count = 0;
  trace.follow((event) => {
    count += 1;
    const error = feed(event);
    if (error !== undefined) found ??= { at: count, error };
  });
  for (const event of events) {
    trace.sink(event);
    now += BigInt(us) * 1000n;
  }
  return found;
};

function* repeat(times: number, ...events: readonly TraceData[]): Generator<TraceData> {
  for (let time = 0; time < times; time++) yield* events;
}

const read = (offset: number): TraceData => ({ kind: 'bar-read', offset, width: 4, value: 0 });
const interrupt: TraceData = { kind: 'interrupt', line: 'raise', isr: 2, signalled: true };
const ack: TraceData = { kind: 'ack', value: 2, effect: 'graceful' };
const line: TraceData = { kind: 'console', line: 'getting on' };

t.test('names the device if there are several', async (t) => {
  const found = watch(repeat(2000, interrupt, read(20)), 200, 'device 2');
  t.match(found?.error.message, /^livelock: 300 interrupts of device 2 within /);
  t.match(watch(repeat(2000, interrupt, read(20)))?.error.message, /^livelock: 300 interrupts within /);
});

t.test('finds interrupts that repeat without a read of the ISR', async (t) => {
  const found = watch(repeat(2000, interrupt, read(20)));
  t.match(found?.error, {
    code: 'GUEST_LIVELOCK',
    blame: 'failed',
    message:
      /^livelock: 300 interrupts within 120 ms \(2500 per second\), without a read of the ISR, which takes/,
  });
  t.equal(watch(repeat(2000, interrupt, read(19), line)), undefined, 'the ISR is read');
});

t.test('finds a livelock within 3 s on a host where each event takes long', async (t) => {
  const commands: TraceData = { kind: 'command', name: 'SYNCRTC', result: 'sent' };
  t.match(watch(repeat(2000, interrupt, read(20)), 10_000)?.error.message, /: 101 interrupts within 2 s/);
  t.equal(watch(repeat(2000, commands, interrupt, read(20)), 10_000), undefined, 'one for each command');
  t.match(watch(repeat(200, ack), 40_000)?.error.message, /: 51 acknowledgements of one command within 2 s/);
  t.match(watch(repeat(9000, read(20)), 1_500)?.error.message, /: 1334 accesses to the same .* within 2 s/);
  t.equal(watch(repeat(9000, read(20)), 5_000), undefined, 'polls by several timers');
});

t.test('finds a repeated acknowledgement', async (t) => {
  t.match(watch(repeat(200, ack))?.error.message, /^livelock: 100 acknowledgements of one command/);
  const command: TraceData = { kind: 'command', name: 'SYNCRTC', result: 'sent' };
  t.equal(watch(repeat(500, command, ack)), undefined, 'one for each command');
});

t.test('polls, however long they go on, are no loop', async (t) => {
  t.equal(watch(repeat(20_000, read(20)), 10_000), undefined, '100 polls per second');
  t.match(
    watch(repeat(20_000, read(20)), 3_000)?.error.message,
    /^livelock: 1000 accesses .* within 3 s /,
    '333 reads per second',
  );
});

t.test('finds a loop of the same accesses', async (t) => {
  t.match(watch(repeat(3000, read(18), read(20)))?.error.message, /5000 accesses to the same registers/);
  t.equal(
    watch(repeat(3000, read(18), read(20), line)),
    undefined,
    'the guest writes to the console in between',
  );
  const life = [0, 4, 18, 19, 20, 24, 14].map(read);
  t.equal(watch(repeat(2000, ...life)), undefined, 'a driver that comes up again and again');
});

t.test('finds a line that the kernel logs again and again', async (t) => {
  let count = 0;
  const again = (): TraceData => ({ kind: 'console', line: `[    ${count++}.5] mine: changed ${count}` });
  const lines = function* (between: readonly TraceData[] = []) {
    for (let time = 0; time < 3000; time++) yield* [again(), ...between];
  };
  t.match(
    watch(lines())?.error.message,
    /^livelock: 1000 repeated lines of the kernel log within .*, without an access to the device/,
  );
  t.match(watch(lines(), 4_000)?.error.message, /: 501 repeated lines of the kernel log within 2 s/);
  t.equal(watch(lines([read(20)]))?.error.message, undefined, 'a line for each poll');
  const kinds = ['a', 'b', 'c', 'd', 'e'].map((line): TraceData => ({ kind: 'console', line }));
  t.equal(watch(repeat(2000, ...kinds)), undefined, 'a long report');
});

t.test('allows programs that read the clock as fast as they can', async (t) => {
  t.equal(watch(repeat(5000, read(24), read(32))), undefined);
  t.match(watch(repeat(20_000, read(24)))?.error.message, /20000 reads of the clock/);
});

t.test('reports a livelock once', async (t) => {
  const feed = livelockWatch();
  const trace = new Trace();
  let errors = 0;
  trace.follow((event) => {
    if (feed(event) !== undefined) errors += 1;
  });
  for (const event of repeat(5000, interrupt)) trace.sink(event);
  t.equal(errors, 1);
});

t.test('blames the harness for a full trace, unless a livelock of the driver filled it', async (t) => {
  const cut = new HarnessError('TRACE_CUT', { what: 'ack', from: 0, first: 1, last: 9, counts: 'ack 9' });
  const livelock = new HarnessError('GUEST_LIVELOCK', { count: 300, what: 'x', but: '', ms: 3, rate: 9 });
  t.equal(verdictOf(explainCut(cut, undefined)), 'broken');
  t.equal(explainCut(cut, livelock), livelock);
  t.equal(verdictOf(livelock), 'failed');
  const other = new HarnessError('GUEST_HANG', { what: 'x', ms: 1, state: '', lines: '' });
  t.equal(explainCut(other, livelock), other);
});
