// SYNCRTC is acknowledged, and the guest's clock is then the device's, to the fraction of a second: the RTC plays no part.

import { readGuestClock, shiftGuestClock, waitGuestClock } from '../harness/guest/clock.js';
import { hostNow } from '../harness/host/clock.js';
import { showInstantNs } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isTimeRead } from '../harness/scenario/traffic.js';
import { running } from '../harness/vmmci/clock.js';
import { parseInstant } from '../harness/vmmci/instant.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

/** Forward, back, over the edges of the calendar and of 31 bits; half-way through a second, where rounding shows. */
const instants = [
  '2031-05-06T07:08:09.500000Z',
  '2028-02-29T23:59:59.500000Z',
  '2026-11-22T12:34:56.500000Z',
  '2038-01-19T03:14:07.500000Z',
  '2100-02-28T23:59:59.500000Z',
  '2106-02-07T06:28:13.500000Z',
  '2027-01-01T00:00:00.500000Z',
];

/** How far the guest's clock may be from the device's, in nanoseconds. */
const near = 50_000_000n;

// The host's own watch on the clock would send a SYNCRTC of its own: its time stands still.
const options = { scheduler: new VirtualScheduler(), quiet: true };

scenario('sync-rtc', options, async ({ check, vm, driver, device, trace, until }) => {
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const now = () => device.clock.now() * 1000n;
  for (const [index, instant] of instants.entries()) {
    device.clock.set(running(hostNow, parseInstant(instant)));
    const mark = trace.mark;
    check('driver-ok').equal(`SYNCRTC at ${instant}`, device.host.command('SYNCRTC'), 'sent');
    const ack = await until('ack', mark);
    const sample = await until('bar-read', mark, isTimeRead);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
    const order = ack.seq < sample.seq ? 'before' : 'after';
    check('acknowledges-in-time').equal('acknowledged before or after the time was read', order, 'before');
    check('acknowledges').equal('command register', device.vmmci.state().command, 'NONE');

    await waitGuestClock(vm.shell, now()); // it is set a moment after the time was read
    const { guest, before, after } = await readGuestClock(vm.shell, now);
    check('sets-clock').between(
      "guest's clock afterwards",
      guest,
      { from: before - near, to: after + near },
      showInstantNs,
    );
    if (!driver.showsCommands) continue;
    check('shows-commands').equal('last command', await driver.lastCommand(), 'SYNCRTC');
    const { SYNCRTC: counted } = await driver.commandCounts();
    check('shows-commands').equal('SYNCRTC commands', counted, index + 1);
  }
});

/** Of the RTC and its rounding, a second; the rest is for a busy host. */
const nearRtc = 1_600_000_000n;

// The device's clock is the host's, and so is the RTC: this is what any driver can do that knows SYNCRTC.
scenario('sync-rtc-seconds', { quiet: true }, async ({ check, vm, driver, device, trace, until }) => {
  driver.needs(driver.description.syncRtc !== undefined, 'a SYNCRTC that sets the clock');
  const now = () => device.clock.now() * 1000n;
  await shiftGuestClock(vm.shell, -3_600_000_000_000n);
  const mark = trace.mark;
  check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  await waitGuestClock(vm.shell, now(), 2n * nearRtc);
  const { guest, before, after } = await readGuestClock(vm.shell, now);
  check('sets-clock').between(
    "guest's clock afterwards",
    guest,
    { from: before - nearRtc, to: after + nearRtc },
    showInstantNs,
  );
});
