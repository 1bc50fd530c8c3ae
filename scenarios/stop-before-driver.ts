// Without DRIVER_OK a stop kills the VM at once. The transport module alone must not set DRIVER_OK.

import { stopAutoload } from '../harness/guest/autoload.js';
import { showStatus } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import { hasDriverOk } from '../harness/scenario/traffic.js';

scenario('stop-before-driver', { driver: 'installed' }, async ({ check, vm, device, driver }) => {
  const [transport = '', ...rest] = driver.description.modules;
  driver.needs(rest.length > 0, 'a module for the transport alone');
  await stopAutoload(vm.shell);
  await vm.shell.text(`modprobe ${transport}`);
  check('driver-ok').equal('loaded modules', await driver.loaded(), [transport]);
  const { status } = device.vmmci.state();
  check('driver-ok').that(
    'DRIVER_OK without the virtio driver',
    !hasDriverOk(status),
    'off',
    showStatus(status),
  );
  check('driver-ok').equal('stop', device.host.stop(), 'killed');
  check('driver-ok').equal("vmd's decision", vm.kill(), { reason: 'no-driver', outcome: 'exit' });
  const exit = await vm.ended('end of a guest that vmd kills', 10_000);
  check('driver-ok').equal('end of QEMU', exit.shutdown, 'host-qmp-quit');
});
