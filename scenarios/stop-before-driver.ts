// Without DRIVER_OK there is nobody to ask: a stop ends the VM on the spot. That is so until the driver is all there.
import { stopAutoload } from '../harness/guest/autoload.js';
import { scenario } from '../harness/scenario/scenario.js';

scenario('stop-before-driver', { driver: 'installed' }, async ({ check, vm, device, driver }) => {
  const [transport = '', ...rest] = driver.description.modules;
  await stopAutoload(vm.shell);
  await vm.shell.text(`modprobe ${transport}`);
  check.equal('modules that are loaded', await driver.loaded(), [transport]);
  check.equal('modules that are not', rest.length > 0, true);
  check.equal('DRIVER_OK', device.vmmci.state().status & 4, 0);
  check.equal('stop', device.host.stop(), 'killed');
  check.equal('what vmd decided', vm.kill(), { reason: 'no-driver', outcome: 'exit' });
  const exit = await vm.ended('the end of a guest that nobody asked', 10_000);
  check.equal('who ended it', exit.shutdown, 'host-qmp-quit');
});
