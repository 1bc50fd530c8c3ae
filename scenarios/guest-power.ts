// The guest powers off, reboots or halts by itself. DRIVER_OK stays set until it is down, so a `vmctl stop`
// meanwhile does not kill it.

import { powerDown } from '../harness/guest/power.js';
import { showStatus } from '../harness/scenario/formats.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { hasDriverOk, writes } from '../harness/scenario/traffic.js';
import { generations } from '../harness/vmmci/generations.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';

/** Checks that the driver has left the device alone since `mark`. */
const checkQuiet = ({ check, device, trace }: Scene, mark: number): void => {
  check('quiet-on-the-way-down').equal('writes on the way down', writes(trace, mark), []);
  const { status } = device.vmmci.state();
  check('quiet-on-the-way-down').that(
    checkNames.driverOkAtEnd,
    hasDriverOk(status),
    'set',
    showStatus(status),
  );
};

for (const [name, how, shutdown] of [
  ['poweroff', 'poweroff', 'guest-shutdown'],
  // The signal has init run /sbin/reboot.
  ['reboot', 'interrupt', 'guest-reset'],
] as const) {
  scenario(`guest-${name}`, {}, async (scene) => {
    const { check, vm, trace } = scene;
    const mark = trace.mark;
    await powerDown(vm.shell, how);
    const exit = await vm.ended(`end of a guest that was asked to ${name}`, 20_000);
    check('goes-down').equal('end of the guest', exit.shutdown, shutdown);
    check('device').equal("vmd's decision to end the VM", vm.kill(), undefined);
    checkQuiet(scene, mark);
  });
}

// A guest that has halted answers nothing. Its kernel is at its end, but its machine is not.
const scheduler = new VirtualScheduler();
scenario('guest-halt', { scheduler }, async (scene) => {
  const { check, vm, device, trace, environment } = scene;
  const mark = trace.mark;
  await powerDown(vm.shell, 'halt');
  await vm.console.waitFor(/System halted/, { what: 'end of a guest that halts', timeoutMs: 20_000 });
  checkQuiet(scene, mark);
  check('quiet-on-the-way-down').equal('stop of a guest that has halted', device.host.stop(), 'sent');
  scheduler.advance(generations[environment.choice.generation].ackMs);
  const exit = await vm.ended('end of a guest that vmd kills', 10_000);
  check('device').equal('end of QEMU', exit.shutdown, 'host-qmp-quit');
});
