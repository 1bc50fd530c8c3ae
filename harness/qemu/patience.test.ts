import t from 'tap';
import { patience, slowdown } from './patience.js';

t.test('deadlines grow with the load, within bounds', async (t) => {
  t.equal(slowdown(0, 2), 1, 'a machine with nothing to do');
  t.equal(slowdown(2, 2), 1, 'one that is just busy');
  t.equal(slowdown(7, 2), 3.5);
  t.equal(slowdown(7, 1), 7);
  t.equal(slowdown(1000, 2), 8);
  const ms = patience(1000);
  t.ok(Number.isInteger(ms) && ms >= 1000 && ms <= 8000, `${ms} ms here`);
});
