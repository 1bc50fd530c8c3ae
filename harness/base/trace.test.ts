import t from 'tap';
import { Trace } from './trace.js';

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

t.test('events are numbered and dated in the order in which they came', async (t) => {
  const trace = clocked();
  trace.sink({ kind: 'a', value: 1n });
  trace.sink({ kind: 'b' });
  t.same(trace.events, [
    { seq: 0, at: 1, kind: 'a', value: 1n },
    { seq: 1, at: 3, kind: 'b' },
  ]);
  t.same(trace.since(1), [{ seq: 1, at: 3, kind: 'b' }]);
  t.equal(trace.toJsonLines(), '{"seq":0,"at":1,"kind":"a","value":1}\n{"seq":1,"at":3,"kind":"b"}\n');
});

t.test('what is awaited may have come already, or come later, but not before the mark', async (t) => {
  const trace = clocked();
  trace.sink({ kind: 'ack', value: 1 });
  const { mark } = trace;
  const later = trace.next('ack', mark, ({ value }) => value === 3);
  trace.sink({ kind: 'ack', value: 2 });
  trace.sink({ kind: 'ack', value: 3 });
  t.equal((await later).seq, 2);
  t.equal((await trace.next('ack', mark)).seq, 1);
});

t.test('the oldest go when there are too many; numbers go on', async (t) => {
  const trace = clocked();
  for (let count = 0; count < 20; count++) trace.sink({ kind: 'x' });
  t.ok(trace.events.length <= 8);
  t.equal(trace.events.at(-1)?.seq, 19);
});
