// What the guest sees at the slot of the function is vmd's control device, and the driver has it.

import { lspci } from '../harness/guest/lspci.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';

/** As lspci -n writes them. */
const hex = (value: number | undefined, digits = 4): string =>
  value?.toString(16).padStart(digits, '0') ?? 'none';
const pair = (vendor: number | undefined, device: number | undefined): string =>
  `${hex(vendor)}:${hex(device)}`;

const throughSysfs = async ({ vm, check, driver }: Scene): Promise<void> => {
  const seen = await readDevice(vm.shell, vm.address);
  check('device').equal('vendor and device', pair(seen?.vendor, seen?.device), '0b5d:0777');
  check('device').equal('subsystem', pair(seen?.subsystemVendor, seen?.subsystemDevice), '0b5d:ffff');
  check('device').equal('class', hex(seen?.class, 6), '078000');
  check('device').equal('revision', hex(seen?.revision, 2), '00');
  const bars = seen?.regions.map(({ index, io, size }) => `BAR${index} ${io ? 'I/O' : 'memory'} ${size}`);
  check('device').equal('address registers', bars, ['BAR0 I/O 4096']);
  check('binds-function').equal('driver of the function', seen?.driver, driver.description.pciDriver);
};

const throughLspci = async ({ vm, check, driver }: Scene): Promise<void> => {
  const address = vm.address.slice('0000:'.length);
  const seen = await lspci(vm.shell, address);
  check('device').equal('lspci: address', seen?.address, address);
  check('device').equal('lspci: vendor and device', pair(seen?.vendor, seen?.device), '0b5d:0777');
  const subsystem = pair(seen?.subsystem?.vendor, seen?.subsystem?.device);
  check('device').equal('lspci: subsystem', subsystem, '0b5d:ffff');
  check('device').equal('lspci: class', hex(seen?.classId), '0780');
  check('device').equal('lspci: revision', hex(seen?.revision, 2), '00');
  check('device').equal('lspci: interrupt pin', seen?.interrupt?.pin, 'A');
  const regions = seen?.regions.map(({ index, kind, size }) => `BAR${index} ${kind} ${size}`);
  check('device').equal('lspci: regions', regions, ['BAR0 io 4096']);
  check('binds-function').equal('lspci: driver in use', seen?.driver, driver.description.pciDriver);
};

scenario('identity', { boot: 'cold' }, async (scene) => {
  const { vm, check, driver } = scene;
  await throughSysfs(scene);
  await throughLspci(scene);
  check('virtio-ids').equal('virtio vendor', await driver.attribute('vendor'), '0x0b5d');
  check('virtio-ids').equal('virtio device', await driver.attribute('device'), '0xffff');
  const bound = await vm.shell.text(`readlink ${driver.path('driver')}`);
  check('binds-function').equal('virtio driver', bound.split('/').at(-1), driver.description.virtioDriver);
});
