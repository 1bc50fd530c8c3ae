import t from 'tap';
import type { TraceData } from '../../base/trace-event.js';
import { failed, found, up } from '../../testing/cause-events.js';

const time = (expected: string, seen: string): TraceData =>
  failed('shows-host-time', 'host time at an instant', expected, seen);

t.test('the highest bit of the seconds is dropped', async (t) => {
  t.same(found([time('2147483653000007', '5000007')]), ['seconds-in-31-bits']);
  t.same(found([time('4294967301000007', '5000007')]), ['high-word-ignored']);
  t.same(found([time('2147483653000007', '-2147483643000007')]), []);
});

t.test('each time is off by the same amount', async (t) => {
  t.same(found([time('5000007', '6000007'), time('9000000', '10000000')]), ['time-off-by-constant']);
  t.same(found([time('5000007', '6000007'), time('5000007', '6000007')]), [], 'it may not be constant');
  t.same(found([time('5000007', '6000007'), time('9000000', '9000001')]), []);
  const signed = [
    time('2147483648000001', '-2147483647999999'),
    time('2147483653000001', '-2147483642999999'),
  ];
  t.same(found(signed), ['seconds-signed'], 'the reason says more');
});

t.test('a drift from the seconds alone', async (t) => {
  const sample: TraceData = { kind: 'sample', us: 1_800_000_000_123_456n };
  const drift = (seen: string): TraceData =>
    failed('shows-drift', 'drift of a guest, in ns', '7000000000 to 7000009000', seen);
  t.same(found([sample, drift('6876544007')]), ['drift-without-microseconds']);
  t.same(found([sample, drift('6876000000')]), []);
  t.same(found([{ kind: 'sample', us: 1_800_000_000_000_001n }, drift('7000000000')]), []);
});

t.test('a high word that is read for nothing', async (t) => {
  const words = 'read secondsLow, read secondsHigh, read microsecondsLow';
  const needless = (expected: string, seen: string): TraceData =>
    failed('no-needless-accesses', 'all accesses for one time', expected, seen);
  t.same(found([...up, needless('read secondsLow, read microsecondsLow', words)]), ['high-word-read-too']);
  t.same(found([...up, needless(words, `${words}, read command`)]), []);
  const differs = (lines: string): TraceData =>
    failed('keeps-transcript', 'accesses in SYNCRTC', '2 lines', lines);
  t.same(found([...up, differs('+ read secondsHigh')]), ['high-word-read-too']);
  t.same(found([...up, differs('- read secondsHigh')]), ['accesses-differ-from-transcript']);
});
