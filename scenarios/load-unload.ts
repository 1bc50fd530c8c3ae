// Loaded and unloaded again and again, the driver leaves nothing behind: not in the guest, not in the device.
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';

const rounds = 5;

scenario('load-unload', { driver: 'installed' }, async ({ check, vm, device, driver, trace, until }) => {
  const before = await holdings(vm.shell);
  for (let round = 1; round <= rounds; round++) {
    const mark = trace.mark;
    await driver.load(driver.having({ drift_interval_ms: '10' }));
    await until('status', mark, isDriverOk);
    check.equal(`features in use, round ${round}`, device.vmmci.state().guestFeatures, 7);
    if (driver.showsHostTime) {
      const time = await driver.hostTime();
      check.equal('host_time', time, device.vmmci.state().lastSample);
    }
    await driver.unload();
    check.equal(`status after round ${round}`, device.vmmci.state().status, 0);
    check.equal(`features after round ${round}`, device.vmmci.state().guestFeatures, 0);
  }
  check.equal('a command without a driver', device.host.command('SYNCRTC'), 'no-driver');

  // What was left running would run now. There is nothing to wait for but that nothing comes.
  const mark = trace.mark;
  await vm.shell.text('usleep 200000');
  check.equal('accesses without a driver', trace.since(mark, 'bar-read').length, 0);
  check.equal('what the driver left behind', await leftovers(vm.shell, before), []);
});
