// A device that takes 3 s for an answer: the time is right all the same. Slow by nature; QEMU gives a server up after 5 s.
import { syncGuestClock } from '../../harness/guest/clock.js';
import { scenario } from '../../harness/scenario/scenario.js';

const slowMs = 3000;
const readSeconds = { protocol: 'vfio-user', command: 'REGION_READ', region: 0, offset: 24 } as const;

scenario('slow-device', {}, async ({ check, vm, device, driver, trace }) => {
  device.faults.set({ faults: [{ kind: 'delay', ms: slowMs, when: { ...readSeconds, times: 1 } }] });
  const behind = (await syncGuestClock(vm.shell)) / 1000n;
  const mark = trace.mark;
  const time = await driver.hostTime();
  check.equal('host_time', time, device.vmmci.state().lastSample);
  check.equal('answers that were late', trace.since(mark, 'fault').length, 1);
  const guest = await driver.guestTime();
  check.that('guest_time after it', guest >= time - behind, `${time - behind} or later`, guest);
  check.equal('the guest is up', await vm.shell.text('echo up'), 'up');
});
