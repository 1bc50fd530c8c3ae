import t from 'tap';
import { slowdown } from './slowdown.js';
import { timersFor } from './timers.js';

t.test('the slowdown grows with the load, within bounds', async (t) => {
  t.equal(slowdown(0, 2), 1, 'an idle machine');
  t.equal(slowdown(2, 2), 1, 'a fully used machine');
  t.equal(slowdown(7, 2), 3.5);
  t.equal(slowdown(7, 1), 7);
  t.equal(slowdown(1000, 2), 8);
});

t.test('timeouts grow with the load and with the slowness of the kernel', async (t) => {
  const ordinary = timersFor(1).timeout(1000);
  t.ok(Number.isInteger(ordinary) && ordinary >= 1000 && ordinary <= 8000, `${ordinary} ms on this machine`);
  const slow = timersFor(12).timeout(1000);
  t.ok(Number.isInteger(slow) && slow >= 12_000 && slow <= 96_000, `${slow} ms on this machine`);
});
