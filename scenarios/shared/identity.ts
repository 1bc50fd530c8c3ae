// Checks that the guest sees the function as vmd's control device, with the driver bound to it.

import { lspci } from '../../harness/guest/lspci.js';
import { readDevice } from '../../harness/guest/sysfs.js';
import type { Scene } from '../../harness/scenario/scene.js';

/** Formats an id as `lspci -n` does. */
const hex = (value: number | undefined, digits = 4): string =>
  value?.toString(16).padStart(digits, '0') ?? 'none';
const pair = (vendor: number | undefined, device: number | undefined): string =>
  `${hex(vendor)}:${hex(device)}`;

/** Checks the identity in sysfs. */
export const checkSysfs = async ({ vm, check, driver }: Scene): Promise<void> => {
  const seen = await readDevice(vm.shell, vm.address);
  check('device').equal('vendor and device', pair(seen?.vendor, seen?.device), '0b5d:0777');
  check('device').equal('subsystem', pair(seen?.subsystemVendor, seen?.subsystemDevice), '0b5d:ffff');
  check('device').equal('class', hex(seen?.class, 6), '078000');
  check('device').equal('revision', hex(seen?.revision, 2), '00');
  const bars = seen?.regions.map(({ index, io, size }) => `BAR${index} ${io ? 'I/O' : 'memory'} ${size}`);
  check('device').equal('base address registers', bars, ['BAR0 I/O 4096']);
  check('binds-function').equal('driver of the function', seen?.driver, driver.description.pciDriver);
};

/** Checks the identity in the output of lspci(8). */
export const checkLspci = async ({ vm, check, driver }: Scene): Promise<void> => {
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
