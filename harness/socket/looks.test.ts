import t from 'tap';
import { Looks } from './looks.js';

/** Messages taken at an event without another, when `ahead` more are there. */
const takenAt = (looks: Looks, ahead: number): number => {
  looks.renew();
  let taken = 0;
  while (taken < ahead && looks.take()) {
    looks.found();
    taken++;
  }
  return taken;
};

t.test('a peer that waits for each answer costs a vain look now and then', async (t) => {
  const looks = new Looks();
  let vain = 0;
  for (let event = 0; event < 160; event++) {
    looks.renew();
    if (looks.take()) vain++;
  }
  t.equal(vain, 10);
});

t.test('a peer that sends ahead is found out and served many at a time, but not for ever', async (t) => {
  const looks = new Looks();
  const taken = Array.from({ length: 40 }, () => takenAt(looks, 100));
  t.equal(
    taken.findIndex((count) => count > 0),
    15,
  );
  t.ok(taken.slice(15).every((count) => count === 16));
});

t.test('a peer that stops sending ahead is left to the event loop again', async (t) => {
  const looks = new Looks();
  for (let event = 0; event < 20; event++) takenAt(looks, 3);
  t.same([takenAt(looks, 3), takenAt(looks, 0), takenAt(looks, 3)], [3, 0, 0]);
});
