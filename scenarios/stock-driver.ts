// Linux's own virtio-pci does not take the device, and cannot be made to: the first reason why there is a patched driver.

import { readDevice } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';

const stock = '/sys/bus/pci/drivers/virtio-pci';

scenario('stock-driver', { driver: 'absent' }, async ({ vm, check }) => {
  const { shell } = vm;
  const bound = async () => (await readDevice(shell, vm.address))?.driver;
  check('device').equal('driver of the function, nothing done', await bound(), null);
  check('device').equal('stock driver', await shell.text(`ls -d ${stock}`), stock);

  await shell.text(`echo 0b5d 0777 >${stock}/new_id`);
  check('device').equal('driver after new_id', await bound(), null);

  // The shell hides the errno behind a message, dd does not.
  await shell.text(`echo virtio-pci >/sys/bus/pci/devices/${vm.address}/driver_override`);
  const bind = await shell.run(`printf ${vm.address} | dd of=${stock}/bind status=none`);
  check('device').equal('status of a bind with driver_override', bind.status, 1);
  check('device').that(
    'its error',
    bind.stderr.includes('No such device'),
    'No such device',
    bind.stderr.toString().trim(),
  );
  check('device').equal('driver after driver_override', await bound(), null);
});
