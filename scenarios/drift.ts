// The driver shows by how much the guest's clock is off, with the right sign, when it is off by hours or
// decades.

import { setGuestClock, setTaiOffset, shiftGuestClock } from '../harness/guest/clock.js';
import { showDurationNs, showInstantNs } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { checkNames } from './shared/check-names.js';

const hour = 3_600_000_000n;
/** Twenty years in hours: the guest's clock is then beyond 2038. */
const decades = 20n * 8766n;
/** The frozen time of the device's clock, in microseconds: 2026-11-22T12:00:00.654321Z. */
const noon = 1_795_348_800_654_321n;

scenario('drift', { clock: 'frozen:2026-11-22T12:00:00.654321Z' }, async ({ check, vm, driver }) => {
  for (const [hours, tai] of [
    [5n, 0],
    [-7n, 0],
    [-decades, 0],
    [5n, 37],
  ] as const) {
    await setTaiOffset(vm.shell, tai);
    // The guest's clock runs while the device's clock is frozen: its time before and after brackets the
    // readings.
    await setGuestClock(vm.shell, (noon - hours * hour) * 1000n);
    const before = await shiftGuestClock(vm.shell, 0n);
    const drift = await driver.nextDriftNs();
    const shown = driver.showsGuestTime ? (await driver.guestTime()) * 1000n : undefined;
    const after = await shiftGuestClock(vm.shell, 0n);
    const max = noon * 1000n - before;
    const min = noon * 1000n - after;
    const label = `of a guest ${hours < 0n ? 'ahead' : 'behind'} by ${hours < 0n ? -hours : hours} h`;
    // The kernel also has a clock in TAI, which time daemons set. The driver must not use it.
    const name = tai === 0 ? 'drift' : `${checkNames.driftWithTai} ${tai} s,`;
    check('shows-drift').between(`${name} ${label}`, drift, { from: min, to: max }, showDurationNs);
    if (shown === undefined) continue;
    // The attribute has whole microseconds.
    check('shows-guest-time').between(
      `guest time ${label}`,
      shown,
      { from: before - 1000n, to: after },
      showInstantNs,
    );
  }
});
