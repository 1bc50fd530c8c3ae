// Linux's own virtio-pci does not bind to the device and cannot be made to. This is the first reason why the
// device needs its own transport driver.

import { readDevice } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';

const stock = '/sys/bus/pci/drivers/virtio-pci';

scenario('stock-driver', { driver: 'absent' }, async ({ vm, check }) => {
  const { shell } = vm;
  const bound = async () => (await readDevice(shell, vm.address))?.driver;
  check('device').equal('driver of the function by default', await bound(), null);
  check('device').equal('stock driver', await shell.text(`ls -d ${stock}`), stock);

  await shell.text(`echo 0b5d 0777 >${stock}/new_id`);
  check('device').equal('driver after new_id', await bound(), null);

  // dd prints the text of the errno; the shell prints a message of its own.
  await shell.text(`echo virtio-pci >/sys/bus/pci/devices/${vm.address}/driver_override`);
  const bind = await shell.run(`printf ${vm.address} | dd of=${stock}/bind status=none`);
  check('device').equal('status of a bind with driver_override', bind.status, 1);
  check('device').that(
    'error of a bind with driver_override',
    bind.stderr.includes('No such device'),
    'No such device',
    bind.stderr.toString().trim(),
  );
  check('device').equal('driver after driver_override', await bound(), null);
});
