import t from 'tap';
import { failed, found, read, send, up, write } from '../../testing/cause-events.js';
import { checkNames } from '../check-names.js';

t.test('tells a stop that is no longer wanted from one that is mixed up', async (t) => {
  const requests = (seen: string) =>
    failed('acts-on-newest', `${checkNames.stopsAfterTwo} REBOOT, SHUTDOWN, SYNCRTC`, 'poweroff', seen);
  const sent = [send('REBOOT'), send('SHUTDOWN'), send('SYNCRTC')];
  t.same(found([...sent, requests('reboot, poweroff')]), ['older-stop-carried-out']);
  t.same(found([...sent, requests('reboot')]), ['stop-mixed-up-with-later-command']);
});

t.test('finds a reboot while no program can be started', async (t) => {
  const line = (text: string) => ({ kind: 'console', line: `[    6.3] ${text}` }) as const;
  const reasons = ['the guest went down (guest-reset) while waiting for freezing and thawing'];
  const frozen = line('Freezing user space processes');
  const forced = line('reboot: Failed to start orderly reboot: forcing the issue');
  const handled = [send('REBOOT'), read(20, 4, 2), write(20, 4, 2), forced];
  t.same(found([...up, frozen, ...handled], { reasons }), ['reboot-without-programs']);
  const thawed = [...up, frozen, line('Restarting tasks: Starting'), ...handled];
  t.notOk(found(thawed, { reasons }).includes('reboot-without-programs'));
});
