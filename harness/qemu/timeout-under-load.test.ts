import t from 'tap';
import { slowdown, timeoutUnderLoad } from './timeout-under-load.js';

t.test('timeouts grow with the load, within bounds', async (t) => {
  t.equal(slowdown(0, 2), 1, 'an idle machine');
  t.equal(slowdown(2, 2), 1, 'a fully used machine');
  t.equal(slowdown(7, 2), 3.5);
  t.equal(slowdown(7, 1), 7);
  t.equal(slowdown(1000, 2), 8);
  const ms = timeoutUnderLoad(1000);
  t.ok(Number.isInteger(ms) && ms >= 1000 && ms <= 8000, `${ms} ms on this machine`);
});
