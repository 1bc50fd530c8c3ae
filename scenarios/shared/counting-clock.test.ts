import t from 'tap';
import { countingClock } from './counting-clock.js';

t.test('repeats no second and no microsecond', async (t) => {
  const clock = countingClock(1_900_000_000_000_000n);
  const times = Array.from({ length: 2000 }, () => clock.now());
  t.equal(new Set(times.map((us) => us / 1_000_000n)).size, times.length);
  t.equal(new Set(times.map((us) => us % 1_000_000n)).size, times.length);
  t.equal(times[0], 1_900_000_000_000_000n);
});
