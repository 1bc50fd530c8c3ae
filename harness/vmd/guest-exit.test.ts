import t from 'tap';
import { afterGuestExit } from './guest-exit.js';

for (const [exit, stopIssued, aftermath] of [
  ['reset', false, 'restart'],
  ['reset', true, 'stop'],
  ['halt', false, 'stop'],
  ['halt', true, 'stop'],
  ['poweroff', false, 'stop'],
  ['poweroff', true, 'stop'],
] as const) {
  t.test(`${exit}, stop ${stopIssued ? 'issued' : 'not issued'}: ${aftermath}`, async (t) =>
    t.equal(afterGuestExit(exit, stopIssued), aftermath),
  );
}
