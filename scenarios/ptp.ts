// The driver's PTP clock shows exactly the device's clock, and no program in the guest can change it.

import { showInstantNs } from '../harness/scenario/formats.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import {
  accesses,
  clockAccesses,
  plainReadings,
  readsOf,
  wholeReadings,
  writes,
} from '../harness/scenario/traffic.js';
import { frozen } from '../harness/vmmci/clock.js';
import { parseInstant } from '../harness/vmmci/instant.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import {
  askPtp,
  EIO,
  ENODEV,
  EOPNOTSUPP,
  needsPtp,
  type PtpAnswer,
  ptpClock,
  ptpClocks,
  ptpClocksWithoutParent,
} from './shared/ptp.js';

const instants = [
  '2026-11-22T12:34:56.000007Z',
  '2026-11-22T12:34:57.999999Z',
  '2038-01-19T03:14:08.000000Z',
  '2106-02-07T06:28:15.999999Z',
  '1970-01-01T00:00:00.000001Z',
  '2026-11-22T12:34:56.000000Z',
];

/** PTP_CLOCK_GETCAPS of a read-only clock: no frequency adjustment, alarms, channels, pins or PPS. */
const noCapabilities = Array.from({ length: 8 }, () => 0n);

// A virtual scheduler stops the timers of vmd, whose check of the clock would otherwise send a SYNCRTC.
const options = {
  needs: ['PTP_1588_CLOCK'],
  clock: `frozen:${instants[0]}`,
  scheduler: new VirtualScheduler(),
  quiet: true,
} as const;

type Ask = (...steps: string[]) => Promise<PtpAnswer[]>;

const checkInstants = async ({ check, device, trace }: Scene, ask: Ask): Promise<void> => {
  for (const instant of instants) {
    const us = parseInstant(instant);
    device.clock.set(frozen(us));
    const mark = trace.mark;
    const [time, extended] = await ask('time', 'extended');
    check('shows-ptp-time').equal(`clock_gettime at ${instant}`, time?.values[0], us * 1000n, showInstantNs);
    check('shows-ptp-time').equal(`errno of clock_gettime at ${instant}`, time?.errno, 0);
    check('shows-ptp-time').equal(
      `PTP_SYS_OFFSET_EXTENDED at ${instant}`,
      extended?.values[1],
      us * 1000n,
      showInstantNs,
    );
    const read = clockAccesses(trace, mark);
    check('shows-ptp-time').equal('accesses to the clock by both calls', read, wholeReadings(read, 2));
    check('no-needless-accesses').equal(
      'all accesses by both calls',
      accesses(trace, mark),
      plainReadings(2),
    );
  }
};

const checkReadOnly = async ({ check, trace }: Scene, ask: Ask): Promise<void> => {
  const mark = trace.mark;
  const [caps, ...denied] = await ask('caps', 'settime', 'adjtime', 'adjfine', 'pps');
  check('shows-ptp-time').equal('capabilities', caps?.values, noCapabilities);
  for (const { step, errno } of denied) check('shows-ptp-time').equal(`errno of ${step}`, errno, EOPNOTSUPP);
  // Only writes are compared: the PTP core of Linux 6.12 reads the clock before it asks for a step.
  check('shows-ptp-time').equal('writes to the device by denied calls', writes(trace, mark), []);
};

const checkUnavailable = async ({ check, device }: Scene, ask: Ask): Promise<void> => {
  device.faults.set({ faults: [{ kind: 'value', value: 1_000_000, when: readsOf('microsecondsLow') }] });
  check('shows-ptp-time').equal(
    'errno where the microseconds read as 1000000',
    (await ask('time'))[0]?.errno,
    EIO,
  );
  device.faults.clear();

  await device.stopBackend();
  const [time, extended] = await ask('time', 'extended');
  check('shows-ptp-time').equal('errno of clock_gettime without the device', time?.errno, ENODEV);
  check('shows-ptp-time').equal(
    'errno of PTP_SYS_OFFSET_EXTENDED without the device',
    extended?.errno,
    ENODEV,
  );
  await device.startBackend();
  const [again] = await ask('time');
  check('shows-ptp-time').equal('clock_gettime when the device is back', again?.values, [
    device.clock.now() * 1000n,
  ]);
};

scenario('ptp', options, async (scene) => {
  const { check, vm, driver, trace } = scene;
  const name = needsPtp(driver);
  const clocks = await ptpClocks(vm.shell, vm.address);
  const orphans = clocks.length > 0 ? [] : await ptpClocksWithoutParent(vm.shell);
  check('shows-ptp-time').equal(
    'names of the PTP clocks of the function',
    [
      ...clocks.map(({ name }) => name),
      ...orphans.filter((orphan) => orphan === name).map((orphan) => `${orphan} without a parent`),
    ],
    [name],
  );
  const path = await ptpClock(vm.shell, vm.address);
  const ask: Ask = (...steps) => askPtp({ vm, trace }, path, ...steps);
  await checkInstants(scene, ask);
  await checkReadOnly(scene, ask);
  await checkUnavailable(scene, ask);
});
