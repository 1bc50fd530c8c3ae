import t from 'tap';
import { parseDelayedWork } from './timer-trace.js';

t.test('reads the delays, and whether a timer wakes an idle processor', async (t) => {
  t.same(parseDelayedWork(''), []);
  t.same(parseDelayedWork('250 \n-1 D|I'), [
    { ticks: 250, deferrable: false },
    { ticks: -1, deferrable: true },
  ]);
});

t.test('refuses any other text', async (t) => {
  for (const text of ['250', 'x ', '1 D I', '\n'])
    t.throws(() => parseDelayedWork(text), { code: 'GUEST_READ' }, JSON.stringify(text));
});
