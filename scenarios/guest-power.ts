// The guest powers off or reboots by itself. DRIVER_OK stays set until it is down, so a `vmctl stop`
// meanwhile does not kill it.

import { powerDown } from '../harness/guest/power.js';
import { showStatus } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { hasDriverOk, writes } from '../harness/scenario/traffic.js';

for (const [how, shutdown] of [
  ['poweroff', 'guest-shutdown'],
  ['reboot', 'guest-reset'],
] as const) {
  scenario(`guest-${how}`, {}, async ({ check, vm, device, trace }) => {
    const mark = trace.mark;
    await powerDown(vm.shell, how);
    const exit = await vm.ended(`end of a guest that ran ${how}`, 20_000);
    check('goes-down').equal('end of the guest', exit.shutdown, shutdown);
    check('device').equal("vmd's decision to end the VM", vm.kill(), undefined);
    check('quiet-on-the-way-down').equal('writes on the way down', writes(trace, mark), []);
    const { status } = device.vmmci.state();
    check('quiet-on-the-way-down').that(
      'DRIVER_OK at the end',
      hasDriverOk(status),
      'set',
      showStatus(status),
    );
  });
}
