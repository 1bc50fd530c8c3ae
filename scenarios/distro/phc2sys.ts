// phc2sys of linuxptp synchronises a guest with the PTP clock, as closely as it can read that clock.

import { shiftGuestClock } from '../../harness/guest/clock.js';
import { countClockSteps } from '../../harness/guest/clock-steps.js';
import { hostNow } from '../../harness/host/clock.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { running } from '../../harness/vmmci/clock.js';
import { VirtualScheduler } from '../../harness/vmmci/scheduler.js';
import { countReadings, keepsTime } from '../shared/clock-client.js';
import { needsPtp, ptpClock } from '../shared/ptp.js';

const ppb = 250_000n;

/** By default phc2sys corrects the clock once a second by the quickest of five readings. */
const everyMs = 1000;
const readings = 5;

// A virtual scheduler stops the timers of vmd, whose check of the clock would otherwise send a SYNCRTC.
const options = {
  guest: 'distro',
  needs: ['PTP_1588_CLOCK'],
  clock: running(hostNow, undefined, ppb),
  scheduler: new VirtualScheduler(),
} as const;

scenario('distro-phc2sys', options, async (scene) => {
  const { check, vm, driver } = scene;
  needsPtp(driver);
  const device = await ptpClock(vm.shell, vm.address);
  await shiftGuestClock(vm.shell, 3_000_000_000n);
  const stepsSince = await countClockSteps(vm.shell);
  const taken = countReadings(scene.trace);
  await vm.shell.text(`systemd-run --unit phc2sys-test phc2sys -s ${device} -c CLOCK_REALTIME -O 0`, {
    what: 'start of phc2sys',
    timeoutMs: 60_000,
  });
  const client = { name: 'phc2sys', device, taken, everyMs, readings, groups: 1 };
  await keepsTime(scene, client, { ppb, when: 'of a guest that was 3 s ahead' });
  check('shows-ptp-time').equal("steps of the guest's clock", (await stepsSince()).length, 1);
});
