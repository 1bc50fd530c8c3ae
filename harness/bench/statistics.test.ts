import t from 'tap';
import { median, ratio } from './statistics.js';

t.test('median', async (t) => {
  t.equal(median([5]), 5);
  t.equal(median([10, 9, 100]), 10, 'by number, not by text');
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.ok(Number.isNaN(median([])));
  const given = [3, 1, 2];
  median(given);
  t.same(given, [3, 1, 2], 'what was given stays in its order');
});

t.test('a ratio uses the two figures of the same round', async (t) => {
  t.equal(ratio([20, 200, 2000], [10, 100, 1000]), 2, 'a disturbed round does no harm');
  t.equal(ratio([2, 9, 4], [1, 3, 4]), 2);
  t.throws(() => ratio([1, 2], [1]), { name: 'RangeError' });
});
