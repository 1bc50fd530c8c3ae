// The guest boots anew in the same VM: the device is cold again, and the driver comes up as the first time.
import { goDown } from '../../harness/guest/power.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { acks } from '../../harness/scenario/traffic.js';

scenario('warm-reboot', {}, async ({ check, vm, device, driver, trace, until }) => {
  await vm.allowReset();
  let mark = trace.mark;
  check.equal('features before', device.vmmci.state().guestFeatures, 7);
  await goDown(vm.shell, 'reboot');
  await vm.restarted();
  check.that(
    'resets of the device',
    trace.since(mark, 'reset').length > 0,
    'at least one',
    trace.since(mark, 'reset').length,
  );
  const { status, guestFeatures, lastSample } = device.vmmci.state();
  check.equal('status, features and sample after', [status, guestFeatures, lastSample], [0, 0, null]);
  check.equal('what vmd decided', vm.kill(), undefined);

  await driver.install();
  await driver.load();
  const time = await driver.hostTime();
  check.equal('host_time', time, device.vmmci.state().lastSample);
  mark = trace.mark;
  check.equal('stop', device.host.stop(), 'sent');
  await until('ack', mark);
  check.equal('acknowledgements', acks(trace, mark), [[2, 'graceful']]);
  await vm.ended('the end of a guest that was asked to stop', 20_000);
  check.equal('what vmd ended it for', vm.kill()?.reason, 'guest-exit');
});
