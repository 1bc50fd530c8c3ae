import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Trace } from './trace.js';
import { parseTraceLine, type TraceEvent } from './trace-event.js';
import { TraceFile } from './trace-file.js';

const limits = { head: 10, tail: 10, rare: 3, rareInPart: 2 };

/** A trace that keeps two events in memory and the rest on disk. */
const onDisk = (directory: string, more = limits) => {
  const store = new TraceFile(join(directory, 'trace.jsonl'), more);
  return { store, trace: new Trace({ store, limit: 2, now: () => 0n }) };
};

const read = (trace: Trace, count: number): void => {
  for (let index = 0; index < count; index++)
    trace.sink({ kind: 'bar-read', offset: 19, width: 1, value: 0 });
};

const eventsIn = (directory: string): TraceEvent[] =>
  readFileSync(join(directory, 'trace.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => parseTraceLine(line) ?? []);

t.test('events that have left memory are read back from disk unchanged', async (t) => {
  const directory = t.testdir();
  const { trace, store } = onDisk(directory);
  trace.sink({ kind: 'ack', value: 3, effect: 'cleared' });
  trace.sink({ kind: 'sample', us: 9_007_199_254_740_993n });
  read(trace, 12);
  t.equal(trace.events.length, 14);
  t.same(trace.since(0, 'ack'), [{ seq: 0, at: 0, kind: 'ack', value: 3, effect: 'cleared' }]);
  t.same(trace.since(1, 'sample'), [{ seq: 1, at: 0, kind: 'sample', us: 9_007_199_254_740_993n }]);
  t.equal(trace.since(5).length, 9);
  t.equal((await trace.next('ack', 0)).seq, 0, 'next() finds events on disk too');
  store.finish();
  t.equal(trace.events.length, 14, 'also after finish()');
  t.equal(eventsIn(directory).length, 14);
});

t.test('a storm keeps its beginning and end whole, and exact counts of the rest', async (t) => {
  const directory = t.testdir();
  const { trace, store } = onDisk(directory);
  read(trace, 15);
  trace.sink({ kind: 'ack', value: 3, effect: 'cleared' });
  read(trace, 100);
  t.throws(() => trace.since(0), { code: 'TRACE_CUT', message: /bar-read/ });
  t.throws(() => trace.since(40, 'bar-read'), { code: 'TRACE_CUT' });
  t.equal(trace.since(0, 'ack').length, 1, 'all events of this kind are kept');
  t.same(trace.since(0, 'command'), []);
  t.equal(trace.since(112).length, 4, 'the end is complete');
  store.finish();
  const events = eventsIn(directory);
  const seqs = events.filter(({ kind }) => kind !== 'counted').map(({ seq }) => seq);
  t.same(seqs.slice(0, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.equal(seqs.at(-1), 115);
  const [counted] = events.filter((event) => event.kind === 'counted');
  t.equal(seqs.length + (counted?.counts['bar-read'] ?? 0), 116, 'no event is lost');
  t.same(Object.keys(counted?.counts ?? {}), ['bar-read']);
  t.same(readdirSync(directory), ['trace.jsonl'], 'no other file is left');
});

t.test('frequent kinds are counted, and rare kinds too once there are too many', async (t) => {
  const { trace, store } = onDisk(t.testdir());
  read(trace, 10);
  for (let index = 0; index < 12; index++) {
    trace.sink({ kind: 'ack', value: index, effect: 'none' });
    read(trace, 9);
  }
  t.match(store.counted, { first: 11, counts: { ack: Number } });
  t.throws(
    () => trace.since(0, 'ack'),
    { code: 'TRACE_CUT' },
    'only three are kept, so the answer would be incomplete',
  );
});

t.test('a trace without a file refuses questions about dropped events', async (t) => {
  const trace = new Trace({ limit: 8 });
  read(trace, 20);
  t.throws(() => trace.since(0), { code: 'TRACE_CUT', message: /#0/ });
  t.equal(trace.since(18).length, 2);
});

t.test('a full disk fails no access of the guest, but every later query', async (t) => {
  t.throws(() => new TraceFile('/dev/null/trace.jsonl'), { code: 'TRACE_WRITE', message: /\/dev\/null/ });
  const store = new TraceFile('/dev/full');
  const trace = new Trace({ store, limit: 2 });
  read(trace, 1000);
  t.throws(() => trace.since(0), { code: 'TRACE_WRITE', message: /no space left/ });
  t.throws(() => store.finish(), { code: 'TRACE_WRITE' });
});

t.test(
  'a storm with the limits of a scenario keeps its beginning and end within the size limit',
  async (t) => {
    const directory = t.testdir();
    const store = new TraceFile(join(directory, 'trace.jsonl'));
    const trace = new Trace({ store });
    trace.sink({ kind: 'command', name: 'REBOOT', result: 'sent' });
    // `npm run test:long` runs the whole storm.
    const storm = process.env.SOAK_MESSAGES === undefined ? 200_000 : 1_000_000;
    for (let index = 0; index < storm / 2; index++) {
      trace.sink({ kind: 'interrupt', line: 'raise', isr: 2, signalled: true });
      trace.sink({ kind: 'bar-read', offset: 20, width: 4, value: 2 });
    }
    trace.sink({ kind: 'ack', value: 2, effect: 'graceful' });
    t.equal(trace.since(0, 'command').length, 1);
    t.equal(trace.since(0, 'ack').length, 1);
    store.finish();
    const events = eventsIn(directory);
    t.match(events.slice(0, 3), [{ kind: 'command' }, { kind: 'interrupt' }, { kind: 'bar-read' }]);
    t.equal(events.at(-1)?.seq, storm + 1);
    const [counted] = events.filter((event) => event.kind === 'counted');
    const sum = Object.values(counted?.counts ?? {}).reduce((total, count) => total + count, 0);
    t.equal(sum + events.length - 1, storm + 2);
    t.ok(statSync(join(directory, 'trace.jsonl')).size < 25_000_000);
  },
);
