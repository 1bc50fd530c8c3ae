// The host's clock jumps. After a jump of more than 5 s forward vmd sends a SYNCRTC a second later; after a
// smaller or backward jump it sends nothing. The drift shows each jump.

import { shiftGuestClock, waitGuestClock } from '../harness/guest/clock.js';
import { showDurationNs } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const second = 1_000_000_000n; // nanoseconds
const tolerance = second / 4n; // nanoseconds

/** The jump in seconds, and true if vmd sends a SYNCRTC for it. */
const jumps = [
  [5n, false],
  [-3600n, false],
  [6n, true],
  [7200n, true],
] as const;

const time = new VirtualScheduler();
const options = { scheduler: time, quiet: true };

scenario('clock-jumps', options, async ({ check, vm, device, driver, trace, until }) => {
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const drifts = async (when: string, expected: bigint): Promise<void> => {
    const drift = await driver.driftNs();
    const range = { from: expected - tolerance, to: expected + tolerance };
    check('shows-drift').between(`drift ${when}`, drift, range, showDurationNs);
  };

  for (const [seconds, asked] of jumps) {
    // vmd last checked its clock before the previous jump, or when the guest started.
    const early = trace.mark;
    time.advance(1000);
    if (trace.since(early, 'command').length > 0) await until('ack', early);
    await shiftGuestClock(vm.shell, await driver.driftNs());
    await drifts('before the jump', 0n);
    const mark = trace.mark;
    time.advance(1000); // vmd checks its clock now, and again a second after the jump
    device.clock.shift((seconds * second) / 1000n);
    time.advance(1000);
    const commands = trace.since(mark, 'command').map(({ name }) => name);
    check('device').equal(`commands of vmd after a jump of ${seconds} s`, commands, asked ? ['SYNCRTC'] : []);
    if (asked) {
      await until('ack', mark);
      await waitGuestClock(vm.shell, device.clock.now() * 1000n);
      await drifts('after the clock was set', 0n);
    } else await drifts(`after a jump of ${seconds} s`, seconds * second);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), asked ? ['SYNCRTC: cleared'] : []);
  }
});
