import t from 'tap';
import { unexpectedTaint } from './taint.js';

const letters = (value: number): string =>
  unexpectedTaint(value)
    .map(({ letter }) => letter)
    .join('');

t.test('expects the flags of an unsigned out-of-tree module', async (t) => {
  t.equal(letters(0), '');
  t.equal(letters((1 << 12) | (1 << 13)), '');
});

t.test('does not expect an oops or a warning', async (t) => {
  t.equal(letters(1 << 7), 'D');
  t.equal(letters((1 << 9) | (1 << 12)), 'W');
  t.equal(letters(1 << 14), 'L');
  t.equal(letters(1 << 5), 'B');
});

t.test('does not expect an unknown flag', async (t) => {
  t.strictSame(unexpectedTaint(2 ** 31), [{ bit: 31, letter: '?', meaning: 'unknown bit 31' }]);
});

t.test('ignores flags that were set before', async (t) => {
  t.strictSame(unexpectedTaint((1 << 9) | (1 << 12), 1 << 9), []);
  t.strictSame(
    unexpectedTaint((1 << 9) | (1 << 7), 1 << 9).map(({ letter }) => letter),
    ['D'],
  );
});
