// A guest that goes down on its own account: DRIVER_OK stays to the end, so a stop in the meantime does not kill it.
import { goDown } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { accesses } from '../harness/scenario/traffic.js';

for (const [how, shutdown] of [
  ['poweroff', 'guest-shutdown'],
  ['reboot', 'guest-reset'],
] as const) {
  scenario(`guest-${how}`, {}, async ({ check, vm, device, trace }) => {
    const mark = trace.mark;
    await goDown(vm.shell, how);
    const exit = await vm.ended(`the end of a guest that was told to ${how}`, 20_000);
    check.equal('how it ended', exit.shutdown, shutdown);
    check.equal('what vmd ended it for', vm.kill(), undefined);
    check.equal(
      'writes to the device on the way',
      accesses(trace, mark).filter((access) => access.startsWith('write')),
      [],
    );
    check.equal('DRIVER_OK at the end', device.vmmci.state().status & 4, 4);
  });
}
