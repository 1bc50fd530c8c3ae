import t from 'tap';
import { parseTimedate } from './timedate.js';

// Output of systemd 257.
const sample = `Timezone=UTC
LocalRTC=no
CanNTP=yes
NTP=no
NTPSynchronized=no
TimeUSec=Sun 2026-11-22 23:38:35 UTC
RTCTimeUSec=Sun 2026-11-22 23:38:34 UTC
`;

t.test('parses timedatectl show', async (t) => {
  const seconds = Date.UTC(2026, 10, 22, 23, 38, 35) / 1000;
  t.strictSame(parseTimedate(sample), { seconds, ntp: false });
  t.equal(parseTimedate(sample.replace('\nNTP=no', '\nNTP=yes')).ntp, true);
  for (const [from, to] of [
    ['35 UTC', '35 CET'],
    ['2026-11-22', '2026-13-22'],
    ['\nNTP=no', ''],
    ['\nTimeUSec=', '\nTime='],
  ] as const)
    t.throws(() => parseTimedate(sample.replace(from, to)), { code: 'GUEST_READ' }, `${from} → ${to}`);
});
