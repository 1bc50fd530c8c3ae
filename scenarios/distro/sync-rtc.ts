// SYNCRTC sets the clock of a distribution in which no program keeps the time: chrony is off.

import { readGuestClock, waitGuestClock } from '../../harness/guest/clock.js';
import { readTimedate } from '../../harness/guest/timedate.js';
import { hostNow } from '../../harness/host/clock.js';
import { showInstantNs } from '../../harness/scenario/formats.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { acks } from '../../harness/scenario/traffic.js';
import { running } from '../../harness/vmmci/clock.js';
import { parseInstant } from '../../harness/vmmci/instant.js';
import { VirtualScheduler } from '../../harness/vmmci/scheduler.js';

/** Forward, back, and to the limit of 31 bits. */
const instants = [
  '2031-05-06T07:08:09.500000Z',
  '2026-11-22T12:34:56.500000Z',
  '2038-01-19T03:14:07.500000Z',
];

/** Maximum difference between the guest's clock and the device's, in nanoseconds. */
const tolerance = 50_000_000n;

const options = { guest: 'distro', scheduler: new VirtualScheduler() } as const;

// A virtual scheduler stops the timers of vmd, whose check of the clock would otherwise send another SYNCRTC.
scenario('distro-sync-rtc', options, async ({ check, vm, driver, device, trace, until }) => {
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const now = () => device.clock.now() * 1000n;
  const { ntp } = await readTimedate(vm.shell);
  check('device').equal('chrony', ntp ? 'on' : 'off', 'off');
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
      { from: before - tolerance, to: after + tolerance },
      showInstantNs,
    );
  }
  const service = await vm.shell.run('systemctl is-active chrony');
  check('device').equal('chrony afterwards', service.stdout.toString().trim(), 'inactive');
});
