// The guest reboots in the same VM. The device is reset to its initial state, and the driver comes up as
// before.

import { powerDown } from '../../harness/guest/power.js';
import { showFeatures } from '../../harness/scenario/formats.js';
import { scenario } from '../../harness/scenario/scenario.js';
import { acks } from '../../harness/scenario/traffic.js';
import { negotiatedFeatures } from '../shared/negotiated-features.js';

scenario('warm-reboot', {}, async ({ check, vm, device, driver, trace, until }) => {
  await vm.allowReset();
  let mark = trace.mark;
  const { accepted, expected } = negotiatedFeatures({ driver, device });
  check('negotiates-features').equal('negotiated features', accepted, expected, showFeatures);
  await powerDown(vm.shell, 'reboot');
  await vm.restarted();
  const resets = trace.since(mark, 'reset').length;
  check('device').that('resets of the device', resets > 0, 'at least one', resets);
  const { status, guestFeatures, lastSample } = device.vmmci.state();
  check('device').equal('status, features and sample', [status, guestFeatures, lastSample], [0, 0, null]);
  check('device').equal("vmd's decision", vm.kill(), undefined);

  await driver.install();
  await driver.load();
  const time = await driver.hostTime();
  check('comes-back').equal('host time', time, device.vmmci.state().lastSample);
  mark = trace.mark;
  check('driver-ok').equal('stop', device.host.stop(), 'sent');
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements', acks(trace, mark), ['REBOOT: graceful']);
  await vm.ended('end of a guest that was asked to stop', 20_000);
  check('goes-down').equal("vmd's reason to end the VM", vm.kill()?.reason, 'guest-exit');
});
