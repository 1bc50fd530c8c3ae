import t from 'tap';
import { parseClockSteps } from './clock-steps.js';

t.test('the steps of the clock, in order', async (t) => {
  t.strictSame(parseClockSteps('watching'), []);
  t.strictSame(parseClockSteps('watching\n3600000000000\n-250'), [3_600_000_000_000n, -250n]);
});

t.test('any other text is refused', async (t) => {
  for (const text of [
    '',
    'clock-steps: timerfd: Invalid argument',
    'watching\nx',
    'watching\n1.5',
    'watching\n',
  ])
    t.throws(() => parseClockSteps(text), { code: 'GUEST_READ' }, JSON.stringify(text));
});
