// The host, and the guest with it, slept for an hour. Right after the SYNCRTC that vmd then sends,
// timedatectl shows the host's time.

import { waitGuestClock } from '../../harness/guest/clock.js';
import { readTimedate } from '../../harness/guest/timedate.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { acks } from '../../harness/scenario/traffic.js';
import { VirtualScheduler } from '../../harness/vmmci/scheduler.js';

const asleepMs = 3_600_000;

// The device's clock and vmd's timers are advanced by the hour; the scenario does not wait for it.
const time = new VirtualScheduler();

scenario('distro-host-resume', { guest: 'distro', scheduler: time }, async (scene) => {
  const { check, vm, driver, device, trace, until } = scene;
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const now = () => Number(device.clock.now() / 1_000_000n);
  const shows = async (when: string, min: number, max: () => number): Promise<void> => {
    const { seconds } = await readTimedate(vm.shell);
    const after = max();
    const inRange = min <= seconds && seconds <= after;
    check('sets-clock').that(`timedatectl ${when}`, inRange, `${min} to ${after} s since the epoch`, seconds);
  };
  // vmd last checked its clock when the guest started.
  const early = trace.mark;
  time.advance(1000);
  if (trace.since(early, 'command').length > 0) await until('ack', early);
  await shows('before the sleep', now() - 1, now);

  await vm.pause();
  device.clock.shift(BigInt(asleepMs) * 1000n);
  const mark = trace.mark;
  await vm.unpause();
  time.advance(1000);
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  await waitGuestClock(vm.shell, device.clock.now() * 1000n);
  await shows('after the sleep', now(), now);
});
