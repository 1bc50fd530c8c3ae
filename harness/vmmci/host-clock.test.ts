import t from 'tap';
import { hostClock, hostNow } from './host-clock.js';

const START = 1_800_000_000_000;

t.test('fills in microseconds between two ticks of the clock', async (t) => {
  let ms = 500;
  const now = hostClock(
    () => START + Math.trunc(ms - 500),
    () => ms,
  );
  t.equal(now(), BigInt(START) * 1000n);
  ms += 0.25;
  t.equal(now(), BigInt(START) * 1000n + 250n);
  ms += 1.5;
  t.equal(now(), BigInt(START) * 1000n + 1750n);
});

t.test('follows a clock that is set, both ways', async (t) => {
  let date = START;
  const now = hostClock(
    () => date,
    () => 7,
  );
  for (const step of [3_600_000, -7_200_000, 3]) {
    date += step;
    t.equal(now(), BigInt(date) * 1000n, `${step} ms`);
  }
});

t.test('does not take a lost processor for a clock that was set', async (t) => {
  let ms = 0;
  let stall = 0;
  const now = hostClock(
    () => {
      ms += stall;
      stall = 0;
      return START + Math.trunc(ms);
    },
    () => ms,
  );
  stall = 40;
  t.equal(now(), BigInt(START + 40) * 1000n);
  ms += 0.5;
  t.equal(now(), BigInt(START + 40) * 1000n + 500n, 'goes on, not back');
});

t.test('the real one is the clock of the host', async (t) => {
  const before = BigInt(Date.now() - 2) * 1000n;
  const now = hostNow();
  const after = BigInt(Date.now() + 3) * 1000n;
  t.ok(before <= now && now <= after, `${before} <= ${now} <= ${after}`);
});
