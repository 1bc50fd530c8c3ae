// chrony synchronises a guest that is 3 s off with the PTP clock, as closely as it can read that clock. The
// device's clock is faster than the guest's, slower, or runs at the same rate.

import { shiftGuestClock } from '../../harness/guest/clock.js';
import { countClockSteps } from '../../harness/guest/clock-steps.js';
import { hostNow } from '../../harness/host/clock.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { running } from '../../harness/vmmci/clock.js';
import { VirtualScheduler } from '../../harness/vmmci/scheduler.js';
import { chronySteps, startChrony } from '../shared/chrony.js';
import { keepsTime } from '../shared/clock-client.js';
import { needsPtp, ptpClock } from '../shared/ptp.js';

/**
 * By scenario: the rate error of the device's clock in parts per billion, and the seconds that the guest is
 * ahead.
 */
const cases = {
  'distro-chrony-fast': { ppb: 250_000n, ahead: 3n },
  'distro-chrony-slow': { ppb: -250_000n, ahead: -3n },
  'distro-chrony': { ppb: 0n, ahead: 3n },
} as const;

for (const [name, { ppb, ahead }] of Object.entries(cases)) {
  // A virtual scheduler stops the timers of vmd, whose check of the clock would otherwise send a SYNCRTC.
  const options = {
    guest: 'distro',
    needs: ['PTP_1588_CLOCK'],
    clock: running(hostNow, undefined, ppb),
    scheduler: new VirtualScheduler(),
  } as const;

  scenario(name, options, async (scene) => {
    const { check, vm, driver } = scene;
    needsPtp(driver);
    const device = await ptpClock(vm.shell, vm.address);
    await shiftGuestClock(vm.shell, ahead * 1_000_000_000n);
    const stepsSince = await countClockSteps(vm.shell);
    const chrony = await startChrony(scene, device);
    await keepsTime(scene, chrony, {
      ppb,
      when: `of a guest that was 3 s ${ahead > 0n ? 'ahead' : 'behind'}`,
    });
    check('shows-ptp-time').equal('steps by chrony', await chronySteps(vm.shell), [
      'System clock was stepped',
    ]);
    check('shows-ptp-time').equal("steps of the guest's clock", (await stepsSince()).length, 1);
  });
}
