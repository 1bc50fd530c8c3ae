// A program has the PTP clock open while the guest sleeps (ACPI S3). Afterwards the same descriptor shows the
// device's clock again.

import { showEach, showInstantNs } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';
import { frozen } from '../harness/vmmci/clock.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { holdPtp, needsPtp, ptpClock } from './shared/ptp.js';
import { suspendGuest } from './shared/suspend-guest.js';

// A virtual scheduler stops the timers of vmd, whose check of the clock would otherwise send a SYNCRTC.
const options = {
  needs: ['PTP_1588_CLOCK'],
  clock: 'frozen:2031-05-06T07:08:09.000001Z',
  scheduler: new VirtualScheduler(),
  quiet: true,
} as const;
const night = 8n * 3_600_000_000n; // microseconds

scenario('ptp-suspend', options, async ({ check, vm, device, driver, trace, until }) => {
  needsPtp(driver);
  const { shell } = vm;
  const clock = await ptpClock(shell, vm.address);
  const finish = await holdPtp({ vm, trace }, clock, 'time', 'extended');
  const evening = device.clock.now();

  const mark = trace.mark;
  await suspendGuest(vm, async () => device.clock.set(frozen(evening + night)));
  await until('status', mark, isDriverOk);

  const [before, time, extended] = await finish();
  const morning = (evening + night) * 1000n;
  check('shows-ptp-time').equal(
    'the time before the sleep',
    before?.values,
    [evening * 1000n],
    showEach(showInstantNs),
  );
  check('shows-ptp-time').equal(
    'clock_gettime after it, same descriptor',
    time?.values,
    [morning],
    showEach(showInstantNs),
  );
  check('shows-ptp-time').equal(
    'PTP_SYS_OFFSET_EXTENDED after it, same descriptor',
    extended?.values[1],
    morning,
    showInstantNs,
  );
  check('shows-ptp-time').equal('the PTP clock after the sleep', await ptpClock(shell, vm.address), clock);
});
