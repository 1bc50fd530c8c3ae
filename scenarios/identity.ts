// What the guest sees at 00:05.0 is vmd's control device, and the patched driver has it.
import { lspci } from '../harness/guest/lspci.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { scenario } from '../harness/scenario/scenario.js';
import { functionAddress } from '../harness/scenario/vm.js';

/** As lspci -n writes them. */
const hex = (value: number | undefined, digits = 4): string =>
  value?.toString(16).padStart(digits, '0') ?? 'none';
const pair = (vendor: number | undefined, device: number | undefined): string =>
  `${hex(vendor)}:${hex(device)}`;

scenario('identity', { boot: 'cold' }, async ({ vm, check, driver }) => {
  const { pciDriver } = driver.description;

  const sysfs = await readDevice(vm.shell, functionAddress);
  check.equal('sysfs vendor and device', pair(sysfs?.vendor, sysfs?.device), '0b5d:0777');
  check.equal('sysfs subsystem', pair(sysfs?.subsystemVendor, sysfs?.subsystemDevice), '0b5d:ffff');
  check.equal('sysfs class', hex(sysfs?.class, 6), '078000');
  check.equal('sysfs revision', hex(sysfs?.revision, 2), '00');
  check.equal('sysfs driver', sysfs?.driver, pciDriver);
  const [bar, ...others] = sysfs?.regions ?? [];
  check.equal('BAR0 is in I/O space', bar?.io, true);
  check.equal('BAR0 is BAR 0', bar?.index, 0);
  check.equal('BAR0 size', bar?.size, 4096n);
  check.equal('other BARs', others, []);

  const seen = await lspci(vm.shell, '00:05.0');
  check.equal('lspci address', seen?.address, '00:05.0');
  check.equal('lspci vendor and device', pair(seen?.vendor, seen?.device), '0b5d:0777');
  check.equal('lspci subsystem', pair(seen?.subsystem?.vendor, seen?.subsystem?.device), '0b5d:ffff');
  check.equal('lspci class', hex(seen?.classId), '0780');
  check.equal('lspci revision', hex(seen?.revision, 2), '00');
  check.equal('lspci interrupt pin', seen?.interrupt?.pin, 'A');
  check.equal(
    'lspci regions',
    seen?.regions.map(({ index, kind, size }) => ({ index, kind, size })),
    [{ index: 0, kind: 'io', size: 4096 }],
  );
  check.equal('lspci driver in use', seen?.driver, pciDriver);

  check.equal('virtio vendor', await driver.attribute('vendor'), '0x0b5d');
  check.equal('virtio device', await driver.attribute('device'), '0xffff');
  const bound = await vm.shell.text(`readlink ${driver.path('driver')}`);
  check.equal('virtio driver', bound.split('/').at(-1), driver.description.virtioDriver);
});
