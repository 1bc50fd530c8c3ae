import t from 'tap';
import { hostNanoseconds, hostNow } from './clock.js';

t.test('each of 10,000 readings lies between the readings of Date before and after it', async (t) => {
  let outside = 0;
  for (let reading = 0; reading < 10_000; reading++) {
    const before = BigInt(Date.now()) * 1000n;
    const us = hostNow();
    const after = BigInt(Date.now() + 1) * 1000n; // Date truncates to milliseconds
    if (us < before || us >= after) outside += 1;
  }
  t.equal(outside, 0);
});

t.test('hostNow is hostNanoseconds, truncated to microseconds', async (t) => {
  let outside = 0;
  for (let reading = 0; reading < 10_000; reading++) {
    const before = hostNanoseconds() / 1000n;
    const us = hostNow();
    if (us < before || us > hostNanoseconds() / 1000n) outside += 1;
  }
  t.equal(outside, 0);
});
