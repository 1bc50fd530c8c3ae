// Loaded and unloaded again and again, the driver leaves nothing behind: not in the guest, not in the device.

import { showInstant } from '../harness/scenario/formats.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { hasDriverOk, isDriverOk } from '../harness/scenario/traffic.js';

const rounds = 5;

scenario('load-unload', { driver: 'installed' }, async ({ check, vm, device, driver, trace, until }) => {
  const before = await holdings(vm.shell, vm.address);
  for (let round = 1; round <= rounds; round++) {
    const mark = trace.mark;
    await driver.load(driver.having({ drift_interval_ms: '10' }));
    await until('status', mark, isDriverOk);
    const { guestFeatures, hostFeatures } = device.vmmci.state();
    check('comes-back').equal(`negotiated features, load ${round}`, guestFeatures, hostFeatures);
    if (driver.showsHostTime) {
      const time = await driver.hostTime();
      check('comes-back').equal('host time', time, device.vmmci.state().lastSample, showInstant);
    }
    await driver.unload();
    const after = device.vmmci.state();
    check('drops-driver-ok').that(
      `DRIVER_OK after unload ${round}`,
      !hasDriverOk(after.status),
      'off',
      after.status,
    );
    check('resets-device').equal(`status after unload ${round}`, after.status, 0);
    check('resets-device').equal(`features after unload ${round}`, after.guestFeatures, 0);
  }
  check('drops-driver-ok').equal('command without a driver', device.host.command('SYNCRTC'), 'no-driver');

  // What was left running would run now. There is nothing to wait for but that nothing comes.
  const mark = trace.mark;
  await vm.shell.text('usleep 200000');
  check('silent-when-gone').equal('accesses without a driver', trace.since(mark, 'bar-read').length, 0);
  check('leaves-nothing').equal('leaked resources', await leftovers(vm.shell, before), []);
});
