// A program has the PTP clock open while the driver is unbound, unplugged or unloaded. Its calls then fail
// with ENODEV, and nothing is left behind.

import { showEach, showInstantNs } from '../harness/scenario/formats.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { ENODEV, holdPtp, needsPtp, ptpClock, ptpClocks } from '../harness/scenario/ptp.js';
import { scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';

const calls = ['time', 'extended', 'caps', 'settime'];
const options = {
  needs: ['PTP_1588_CLOCK'],
  driver: 'installed',
  clock: 'frozen:2031-05-06T07:08:09.000001Z',
} as const;

scenario('ptp-open', options, async ({ check, vm, device, driver, trace, until }) => {
  const name = needsPtp(driver);
  const { shell } = vm;
  const { virtioDriver, pciDriver } = driver.description;
  const before = await holdings(shell, vm.address);
  await driver.load(driver.quiet);

  const bind = async (bus: string, driver: string, device: string): Promise<void> => {
    await shell.text(`echo ${device} >/sys/bus/${bus}/drivers/${driver}/bind`);
  };
  const virtio = await shell.text(`cd /sys/bus/pci/devices/${vm.address} && ls -d virtio*`);
  const ways: readonly [how: string, go: () => Promise<unknown>, back: () => Promise<unknown>][] = [
    [
      'the virtio driver is unbound',
      () => shell.text(`echo ${virtio} >/sys/bus/virtio/drivers/${virtioDriver}/unbind`),
      () => bind('virtio', virtioDriver, virtio),
    ],
    [
      'the PCI driver is unbound',
      () => shell.text(`echo ${vm.address} >/sys/bus/pci/drivers/${pciDriver}/unbind`),
      () => bind('pci', pciDriver, vm.address),
    ],
    ['the function is unplugged', () => vm.unplug(), () => vm.plug()],
    [
      'the device stops responding and the driver is unloaded',
      async () => {
        await device.stopBackend();
        await driver.unload();
      },
      async () => {
        await device.startBackend();
        await driver.load(driver.quiet);
      },
    ],
    ['the modules are unloaded', () => driver.unload(), () => driver.load(driver.quiet)],
  ];
  for (const [how, go, back] of ways) {
    check('shows-ptp-time').equal(
      `PTP clocks before ${how}`,
      (await ptpClocks(shell, vm.address)).map((clock) => clock.name),
      [name],
    );
    const finish = await holdPtp({ vm, trace }, await ptpClock(shell, vm.address), ...calls);
    await go();
    check('shows-ptp-time').equal(`PTP clocks once ${how}`, await ptpClocks(shell, vm.address), []);
    const mark = trace.mark;
    const [first, ...rest] = await finish();
    check('shows-ptp-time').equal(
      'the time while the driver is bound',
      first?.values,
      [device.clock.now() * 1000n],
      showEach(showInstantNs),
    );
    check('shows-ptp-time').equal(
      `errno of each call once ${how}`,
      rest.map(({ step, errno }) => [step, errno]),
      calls.map((step) => [step, ENODEV]),
    );
    check('shows-ptp-time').equal(
      'accesses to the device by these calls',
      trace.since(mark, 'bar-read').length,
      0,
    );
    const returned = trace.mark;
    await back();
    await until('status', returned, isDriverOk);
  }
  await driver.unload();
  check('leaves-nothing').equal('leaked resources', await leftovers(shell, before), []);

  // If the host does not offer the time, the driver must not register a clock.
  await device.stopBackend();
  await device.startBackend({ features: 6 });
  await driver.load(driver.quiet);
  check('shows-ptp-time').equal(
    'PTP clocks where the host does not offer the time',
    await ptpClocks(shell, vm.address),
    [],
  );
});
