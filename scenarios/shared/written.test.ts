import t from 'tap';
import { unbroken } from './written.js';

t.test('counts records up to the first that is not the next number', async (t) => {
  t.equal(unbroken(''), 0);
  t.equal(unbroken('1\n2\n3\n'), 3);
  t.equal(unbroken('1\n2\n4\n'), 2);
  t.equal(unbroken('2\n'), 0);
  t.equal(unbroken('1\n\0\0'), 1);
});

t.test('does not count a record without its final newline', async (t) => {
  t.equal(unbroken('1\n2'), 1);
});
