import t from 'tap';
import { parseSetTimes } from './clock-trace.js';

t.test('reads times as nanoseconds since 1970', async (t) => {
  t.same(parseSetTimes(''), []);
  t.same(parseSetTimes('1795350896 123456789\n0 7'), [1_795_350_896_123_456_789n, 7n]);
});

t.test('refuses any other text', async (t) => {
  for (const text of ['1', '1 -2', '1 2 3', '1 1000000000', 'a b'])
    t.throws(() => parseSetTimes(text), { code: 'GUEST_READ' }, text);
});
