// Once installed, the modules load by themselves when the function appears: by the PCI alias, and by the virtio alias of its child.
import { readDevice } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';
import { functionAddress } from '../harness/scenario/vm.js';

scenario(
  'autoload',
  { driver: 'installed', plugged: false },
  async ({ check, vm, device, driver, trace, until }) => {
    check.equal('modules before the function is there', await driver.loaded(), []);
    const mark = trace.mark;
    await vm.plug();
    await until('status', mark, isDriverOk);
    check.equal('modules after', await driver.loaded(), driver.description.modules);
    const found = await readDevice(vm.shell, functionAddress);
    check.equal('driver of the function', found?.driver, driver.description.pciDriver);
    check.equal('features in use', device.vmmci.state().guestFeatures, 7);
    const time = await driver.hostTime();
    check.equal('host_time', time, device.vmmci.state().lastSample);
  },
);
