import t from 'tap';
import { bigintReplacer } from './bigint-replacer.js';
import { Trace } from './trace.js';
import { parseTraceLine } from './trace-event.js';

const clocked = () => {
  let now = 0n;
  const trace = new Trace({
    limit: 8,
    now: () => {
      now += 1500n;
      return now;
    },
  });
  return trace;
};

t.test('events get a sequence number and a time in order of arrival', async (t) => {
  const trace = clocked();
  trace.sink({ kind: 'sample', us: 1n });
  trace.sink({ kind: 'reset' });
  t.same(trace.events, [
    { seq: 0, at: 1, kind: 'sample', us: 1n },
    { seq: 1, at: 3, kind: 'reset' },
  ]);
  t.same(trace.since(1), [{ seq: 1, at: 3, kind: 'reset' }]);
});

t.test('next() finds an event after the mark, whether it has happened or not', async (t) => {
  const trace = clocked();
  trace.sink({ kind: 'ack', value: 1, effect: 'none' });
  const { mark } = trace;
  const later = trace.next('ack', mark, ({ value }) => value === 3);
  trace.sink({ kind: 'ack', value: 2, effect: 'none' });
  trace.sink({ kind: 'ack', value: 3, effect: 'none' });
  t.equal((await later).seq, 2);
  t.equal((await trace.next('ack', mark)).seq, 1);
});

t.test('a line is parsed back into its event, and other lines are rejected', async (t) => {
  const event = { seq: 1, at: 2, kind: 'sample', us: 9_007_199_254_740_993n } as const;
  t.same(parseTraceLine(JSON.stringify(event, bigintReplacer)), event);
  t.same(parseTraceLine(JSON.stringify({ ...event, us: 5n }, bigintReplacer)), { ...event, us: 5n });
  for (const line of [
    '',
    '{"seq":0,"at":1,"ki',
    '[]',
    '{"seq":0,"at":1,"kind":"toString"}',
    '{"seq":0,"at":1,"kind":"bar-read"}',
    '{"seq":-1,"at":1,"kind":"reset"}',
  ])
    t.equal(parseTraceLine(line), undefined, line);
});
