// `vmctl pause`, and `vmctl unpause` 10 s later: the guest's clock is 10 s behind, the drift shows it, and
// the SYNCRTC that vmd sends corrects it.

import { shiftGuestClock, waitGuestClock } from '../harness/guest/clock.js';
import { showDurationNs } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const pauseMs = 10_000;
const tolerance = 250_000_000n; // nanoseconds

// The device's clock and vmd's timers are advanced by the 10 s; the scenario does not wait for them.
const time = new VirtualScheduler();

scenario('pause', { scheduler: time, quiet: true }, async ({ check, vm, device, driver, trace, until }) => {
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const now = () => device.clock.now() * 1000n;
  const drifts = async (when: string, min: bigint, max: bigint): Promise<void> => {
    const drift = await driver.driftNs();
    const range = { from: min - tolerance, to: max + tolerance };
    check('shows-drift').between(`drift ${when}`, drift, range, showDurationNs);
  };
  // vmd last checked its clock when the guest started.
  const early = trace.mark;
  time.advance(1000);
  if (trace.since(early, 'command').length > 0) await until('ack', early);
  // A step by a drift that is nonsense would be refused, or set the guest's clock to another age.
  const [guestBefore, hostBefore] = [await shiftGuestClock(vm.shell, 0n), now()];
  const drift = await driver.driftNs();
  const [hostAfter, guestAfter] = [now(), await shiftGuestClock(vm.shell, 0n)];
  const range = { from: hostBefore - guestAfter, to: hostAfter - guestBefore };
  check('shows-drift').between('drift at first', drift, range, showDurationNs);
  if (drift < range.from || drift > range.to) return;
  await shiftGuestClock(vm.shell, drift);
  await drifts('before the pause', 0n, 0n);

  time.advance(1000);
  const before = now();
  await vm.pause();
  const paused = trace.mark;
  device.clock.shift(BigInt(pauseMs) * 1000n);
  time.advance(pauseMs);
  check('device').equal('accesses by a paused guest', trace.since(paused, 'bar-read').length, 0);
  check('device').equal('commands to a paused guest', trace.since(paused, 'command').length, 0);
  const mark = trace.mark;
  await vm.unpause();
  await drifts('after the pause', BigInt(pauseMs) * 1_000_000n, now() - before);

  time.advance(1000);
  await until('ack', mark);
  await waitGuestClock(vm.shell, now());
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  await drifts('after the SYNCRTC', 0n, 0n);
});
