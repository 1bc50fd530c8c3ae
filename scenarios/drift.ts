// A guest whose clock is off by hours learns by how much, in the right direction.

import { setGuestClock, shiftGuestClock } from '../harness/guest/clock.js';
import { showDurationNs, showInstantNs } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';

const hour = 3_600_000_000n;
const noon = 1_795_348_800_000_000n; // 2026-11-22T12:00:00Z

scenario('drift', { clock: 'frozen:2026-11-22T12:00:00Z' }, async ({ check, vm, driver }) => {
  for (const hours of [5n, -7n]) {
    // The guest's clock runs while the device's stands: what it shows before and after the readings brackets them.
    await setGuestClock(vm.shell, (noon - hours * hour) * 1000n);
    const before = await shiftGuestClock(vm.shell, 0n);
    const drift = await driver.nextDriftNs();
    const shown = driver.showsGuestTime ? (await driver.guestTime()) * 1000n : undefined;
    const after = await shiftGuestClock(vm.shell, 0n);
    const max = noon * 1000n - before;
    const min = noon * 1000n - after;
    const whose = `of a guest ${hours < 0n ? 'ahead' : 'behind'} by ${hours < 0n ? -hours : hours} h`;
    check('shows-drift').between(`drift ${whose}`, drift, { from: min, to: max }, showDurationNs);
    if (shown === undefined) continue;
    // It is shown in whole microseconds.
    check('shows-guest-time').between(
      `guest time ${whose}`,
      shown,
      { from: before - 1000n, to: after },
      showInstantNs,
    );
  }
});
