// A device that takes 3 s to answer still gives the right time. QEMU's timeout for a device is 5 s.

import { syncGuestClock } from '../../harness/guest/clock.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { readsOf } from '../../harness/scenario/traffic.js';

const slowMs = 3000;

scenario('slow-device', {}, async ({ check, vm, device, driver, trace }) => {
  device.faults.set({
    faults: [{ kind: 'delay', ms: slowMs, when: { ...readsOf('secondsLow'), times: 1 } }],
  });
  const behind = (await syncGuestClock(vm.shell)) / 1000n;
  const mark = trace.mark;
  const time = await driver.hostTime();
  check('shows-host-time').equal('host time', time, device.vmmci.state().lastSample);
  check('device').equal('late answers', trace.since(mark, 'fault').length, 1);
  const guest = await driver.guestTime();
  check('shows-guest-time').that(
    'guest time afterwards, in µs',
    guest >= time - behind,
    `${time - behind} or later`,
    guest,
  );
  check('device').equal('response of the guest', await vm.shell.text('echo up'), 'up');
});
