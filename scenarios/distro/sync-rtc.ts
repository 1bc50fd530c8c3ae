// SYNCRTC in a distribution that keeps no time of its own: chrony is off, and the clock is then the device's.

import { readGuestClock, waitGuestClock } from '../../harness/guest/clock.js';
import { readTimedate } from '../../harness/guest/timedate.js';
import { hostNow } from '../../harness/host/clock.js';
import { showInstantNs } from '../../harness/scenario/formats.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { acks } from '../../harness/scenario/traffic.js';
import { running } from '../../harness/vmmci/clock.js';
import { parseInstant } from '../../harness/vmmci/instant.js';
import { VirtualScheduler } from '../../harness/vmmci/scheduler.js';

/** Forward, back, and to the edge of 31 bits. */
const instants = [
  '2031-05-06T07:08:09.500000Z',
  '2026-11-22T12:34:56.500000Z',
  '2038-01-19T03:14:07.500000Z',
];

/** How far the guest's clock may be from the device's, in nanoseconds. */
const near = 50_000_000n;

const options = { guest: 'distro', scheduler: new VirtualScheduler() } as const;

// The host's own watch on the clock would send a SYNCRTC of its own: its time stands still.
scenario('distro-sync-rtc', options, async ({ check, vm, driver, device, trace, until }) => {
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const now = () => device.clock.now() * 1000n;
  const { ntp } = await readTimedate(vm.shell);
  check('device').that('chrony', !ntp, 'off', 'on');
  for (const instant of instants) {
    device.clock.set(running(hostNow, parseInstant(instant)));
    const mark = trace.mark;
    check('driver-ok').equal(`SYNCRTC at ${instant}`, device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
    await waitGuestClock(vm.shell, now());
    const { guest, before, after } = await readGuestClock(vm.shell, now);
    check('sets-clock').between(
      "guest's clock afterwards",
      guest,
      { from: before - near, to: after + near },
      showInstantNs,
    );
  }
  const service = await vm.shell.run('systemctl is-active chrony');
  check('device').equal('chrony afterwards', service.stdout.toString().trim(), 'inactive');
});
