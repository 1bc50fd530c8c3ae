// The guest sees vmd's control device in the slot of the function, and the driver is bound to it.

import { checkLspci, checkSysfs } from '../harness/scenario/identity.js';
import { scenario } from '../harness/scenario/scenario.js';

scenario('identity', { boot: 'cold' }, async (scene) => {
  const { vm, check, driver } = scene;
  await checkSysfs(scene);
  await checkLspci(scene);
  check('virtio-ids').equal('virtio vendor', await driver.attribute('vendor'), '0x0b5d');
  check('virtio-ids').equal('virtio device', await driver.attribute('device'), '0xffff');
  const bound = await vm.shell.text(`readlink ${driver.path('driver')}`);
  check('binds-function').equal('virtio driver', bound.split('/').at(-1), driver.description.virtioDriver);
});
