// Tests of the questions about a trace.

import t from 'tap';
import { Trace } from '../base/trace.js';
import { accesses, acks, clockRuns, interrupts } from './traffic.js';

t.test('returns accesses, acknowledgements and interrupts since a mark', async (t) => {
  const trace = new Trace();
  trace.sink({ kind: 'ack', value: 1, effect: 'graceful' });
  const mark = trace.mark;
  trace.sink({ kind: 'interrupt', line: 'raise', isr: 2, signalled: true });
  trace.sink({ kind: 'bar-read', offset: 19, width: 1, value: 2 });
  trace.sink({ kind: 'interrupt', line: 'lower', isr: 0 });
  trace.sink({ kind: 'bar-read', offset: 20, width: 4, value: 3 });
  trace.sink({ kind: 'bar-write', offset: 20, width: 4, value: 3 });
  trace.sink({ kind: 'ack', value: 3, effect: 'cleared' });
  trace.sink({ kind: 'interrupt', line: 'raise', isr: 2, signalled: false });
  t.same(accesses(trace, mark), ['read isr', 'read command', 'write command = SYNCRTC']);
  t.same(acks(trace, mark), ['SYNCRTC: cleared']);
  t.same(acks(trace, 0).length, 2);
  t.equal(interrupts(trace, mark), 1, 'a raised line that does not interrupt the guest is not counted');
});

t.test('a read of the command parts readings of the clock, but no single reading', async (t) => {
  const runsOf = (...offsets: number[]): string[][] => {
    const trace = new Trace();
    for (const offset of offsets) trace.sink({ kind: 'bar-read', offset, width: 4, value: 0 });
    return clockRuns(trace, 0);
  };
  const reading = ['read secondsLow', 'read microsecondsLow'];
  t.strictSame(runsOf(20, 24, 28, 32, 36, 24, 32, 20, 20), [[...reading, ...reading]]);
  t.strictSame(runsOf(20, 24, 32, 20, 24, 32), [reading, reading]);
  t.strictSame(runsOf(24, 20, 32), [reading], 'a poll of another task');
  t.strictSame(runsOf(20, 20), []);
});
