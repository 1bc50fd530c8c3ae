import t from 'tap';
import { bracketsOf, parseAnswer } from './ptp.js';

t.test('parses a step with numbers, one without and one that failed', async (t) => {
  t.strictSame(parseAnswer('caps 0 -1 25'), { step: 'caps', values: [0n, -1n, 25n], errno: 0 });
  t.strictSame(parseAnswer('wait:/run/go ok'), { step: 'wait:/run/go', values: [], errno: 0 });
  t.strictSame(parseAnswer('settime error 95'), { step: 'settime', values: [], errno: 95 });
});

t.test('returns the samples of an extended step', async (t) => {
  t.strictSame(bracketsOf(parseAnswer('extended:2 1 5 3 4 6 9')), [
    { before: 1n, time: 5n, after: 3n },
    { before: 4n, time: 6n, after: 9n },
  ]);
});

t.test('throws DRIVER_READ for any other text', async (t) => {
  for (const text of ['', 'time', 'time 1.5', 'time error', 'time error 5 6', 'time 7 x'])
    t.throws(() => parseAnswer(text), { code: 'DRIVER_READ' }, text);
});
