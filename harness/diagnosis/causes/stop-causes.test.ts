import t from 'tap';
import { failed, found, send } from '../../testing/cause-events.js';
import { checkNames } from '../check-names.js';

t.test('tells a stop that is no longer wanted from one that is mixed up', async (t) => {
  const requests = (seen: string) =>
    failed('acts-on-newest', `${checkNames.stopsAfterTwo} REBOOT, SHUTDOWN, SYNCRTC`, 'poweroff', seen);
  const sent = [send('REBOOT'), send('SHUTDOWN'), send('SYNCRTC')];
  t.same(found([...sent, requests('reboot, poweroff')]), ['older-stop-carried-out']);
  t.same(found([...sent, requests('reboot')]), ['stop-mixed-up-with-later-command']);
});
