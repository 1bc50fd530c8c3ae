// VMs with different devices in their vm.conf. The function is in the slot after the other devices, has the
// usual identity, loads its driver by the alias, and the guest can be stopped.

import { scenario } from '../../harness/scenario/scenario.js';
import { acks, isDriverOk } from '../../harness/scenario/traffic.js';
import { siblingDrivers } from '../../images/guest/sibling-modules.js';
import { checkLspci, checkSysfs } from '../shared/identity.js';

const machines = [
  { name: 'ordinary', devices: { networks: 1, disks: 1, cdrom: false }, address: '0000:00:04.0' },
  { name: 'no-disk', devices: { networks: 1, disks: 0, cdrom: false }, address: '0000:00:03.0' },
  { name: 'all', devices: { networks: 4, disks: 4, cdrom: false }, address: '0000:00:0a.0' },
] as const;

for (const { name, devices, address } of machines) {
  const options = { layout: 'vmd', devices, driver: 'installed' } as const;
  scenario(`vm-conf-${name}`, options, async (scene) => {
    const { check, vm, device, driver, trace, until } = scene;
    check('device').equal('address of the function', vm.address, address);
    await vm.shell.text(`modprobe -a ${siblingDrivers.join(' ')}`);

    // The function was present before the driver was installed: it is removed and found again by a rescan.
    let mark = trace.mark;
    await vm.shell.text(`echo 1 >/sys/bus/pci/devices/${address}/remove && echo 1 >/sys/bus/pci/rescan`);
    await until('status', mark, isDriverOk);
    check('loads-by-alias').equal('modules', await driver.loaded(), driver.description.modules);
    await checkSysfs(scene);
    await checkLspci(scene);
    const time = await driver.hostTime();
    check('shows-host-time').equal('host time', time, device.vmmci.state().lastSample);

    mark = trace.mark;
    check('driver-ok').equal('vmctl stop', device.host.stop(), 'sent');
    const exit = await vm.ended('end of a guest that was asked to stop', 30_000);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['REBOOT: graceful']);
    check('goes-down').equal('end of the guest', exit.shutdown, 'guest-reset');
  });
}
