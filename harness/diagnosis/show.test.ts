import t from 'tap';
import { show } from './show.js';

t.test('formats values for people', async (t) => {
  t.equal(show([]), 'none');
  t.equal(show(undefined), 'none');
  t.equal(show(12345678901234567890n), '12345678901234567890');
  t.equal(show('guest-reset'), 'guest-reset');
  t.equal(show(['REBOOT: graceful', 3]), 'REBOOT: graceful, 3');
  t.equal(show({ SHUTDOWN: 0, REBOOT: 1 }), 'SHUTDOWN 0, REBOOT 1');
  t.equal(show(true), 'yes');
});

t.test('escapes invisible characters and quotes spaces at the ends', async (t) => {
  t.equal(show('1.5\n'), '"1.5\\n"');
  t.equal(show(' a'), '" a"');
  t.equal(show('\x1b[2J'), '"\\\\x1b[2J"');
});

t.test('folds repetitions and limits the length', async (t) => {
  const storm = Array.from({ length: 1432 }, () => 'REBOOT: graceful');
  t.equal(show(['SYNCRTC: cleared', ...storm]), 'SYNCRTC: cleared, REBOOT: graceful × 1,432');
  t.equal(show(Array.from({ length: 100_000 }, (_, index) => index)).length, 160);
});
