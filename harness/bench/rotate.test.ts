import t from 'tap';
import { rotate } from './rotate.js';

t.test('each item is at each position once in as many rounds', async (t) => {
  const items = ['a', 'b', 'c'];
  const rounds = items.map((_, round) => rotate(items, round));
  t.strictSame(rounds, [
    ['a', 'b', 'c'],
    ['b', 'c', 'a'],
    ['c', 'a', 'b'],
  ]);
  t.strictSame(rotate(items, 3), items, 'and then from the beginning');
  t.strictSame(rotate([], 1), []);
});
