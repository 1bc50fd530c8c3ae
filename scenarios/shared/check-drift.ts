// Checks the drift that a driver shows against the sample that it took for it.

import { shiftGuestClock } from '../../harness/guest/clock.js';
import { showInstantNs } from '../../harness/scenario/formats.js';
import type { Scene } from '../../harness/scenario/scene.js';

/**
 * Checks that the drift is the exact difference between the sample that the driver took and the guest's
 * clock.
 */
export const checkDrift = async ({ check, vm, driver, trace }: Scene, when: string): Promise<void> => {
  const mark = trace.mark;
  const before = await shiftGuestClock(vm.shell, 0n);
  const drift = await driver.nextDriftNs();
  const after = await shiftGuestClock(vm.shell, 0n);
  const guestTimes = trace.since(mark, 'sample').map(({ us }) => us * 1000n - drift);
  check('shows-drift').that(
    `guest's clock by the drift ${when}`,
    guestTimes.some((time) => before <= time && time <= after),
    `${showInstantNs(before)} to ${showInstantNs(after)}`,
    guestTimes.map(showInstantNs),
  );
};
