// The guest sees vmd's control device in the slot of the function, and the driver is bound to it.

import { scenario } from '../harness/scenario/scenario.js';
import { checkLspci, checkSysfs } from './shared/identity.js';

/** The kernel prints `<BAD>` for a range without a name (kernel/resource.c). A driver may claim no range. */
const isRangeName = (name: string | undefined): boolean => name !== '' && name !== '<BAD>';

scenario('identity', { boot: 'cold' }, async (scene) => {
  const { vm, check, driver } = scene;
  await checkSysfs(scene);
  await checkLspci(scene);
  const ranges = (await vm.shell.output(['read-files', '/proc/ioports'])).split('\n');
  const own = ranges.findIndex((line) => line.endsWith(` : ${vm.address}`));
  const depth = (line = ''): number => line.search(/\S/);
  const next = ranges[own + 1];
  const name = depth(next) > depth(ranges[own]) ? next?.split(' : ')[1] : undefined;
  check('names-range').that('name of the I/O range', isRangeName(name), 'a name', name);
  const { virtioDriver } = driver.description;
  if (virtioDriver === undefined) return;
  check('virtio-ids').equal('virtio vendor', await driver.attribute('vendor'), '0x0b5d');
  check('virtio-ids').equal('virtio device', await driver.attribute('device'), '0xffff');
  const bound = await vm.shell.text(`readlink ${driver.path('driver')}`);
  check('binds-function').equal('virtio driver', bound.split('/').at(-1), virtioDriver);
});
