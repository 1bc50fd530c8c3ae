import t from 'tap';
import { glob } from './glob.js';

t.test('a pattern matches whole names', async (t) => {
  t.ok(glob('clock-*').test('clock-driver'));
  t.ok(glob('st?p').test('stop'));
  t.notOk(glob('clock').test('clock-driver'));
  t.notOk(glob('a.b(c)*').test('axb(c)'), 'only * and ? are special');
});
