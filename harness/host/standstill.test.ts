import t from 'tap';
import { requireNoStandstill, StandstillWatch, standstillOf } from './standstill.js';

t.test('a standstill of this process is noticed, also if it is the last thing', async (t) => {
  const first = new StandstillWatch(10);
  const standStill = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  standStill();
  await new Promise(setImmediate);
  const second = new StandstillWatch(10);
  standStill();
  t.ok(first.end() >= 90, 'in the middle');
  t.ok(second.end() >= 90, 'at the end');
});

t.test('a process that computes does not stand still', async (t) => {
  const elapsedMs = 9000;
  t.equal(standstillOf({ elapsedMs, lookMs: 500, computedMs: 20 }), 8480);
  t.equal(standstillOf({ elapsedMs, lookMs: 500, computedMs: 8400 }), 100);
  t.equal(standstillOf({ elapsedMs, lookMs: 500, computedMs: 12_000 }), 0, 'in several threads');
});

t.test('after a long one, a failure is not blamed on the driver', async (t) => {
  requireNoStandstill(4999);
  t.throws(() => requireNoStandstill(26_000.4), {
    code: 'STOOD_STILL',
    blame: 'broken',
    message: /^this process stood still for 26 s, .*; run the same command again$/,
  });
});
