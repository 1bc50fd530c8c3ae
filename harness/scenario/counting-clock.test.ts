// Parts of different looks never make the time of a third.
import t from 'tap';
import { countingClock } from './counting-clock.js';

t.test('repeats no second and no microsecond', async (t) => {
  const clock = countingClock(1_900_000_000_000_000n);
  const looks = Array.from({ length: 2000 }, () => clock.now());
  t.equal(new Set(looks.map((us) => us / 1_000_000n)).size, looks.length);
  t.equal(new Set(looks.map((us) => us % 1_000_000n)).size, looks.length);
  t.equal(looks[0], 1_900_000_000_000_000n);
});
