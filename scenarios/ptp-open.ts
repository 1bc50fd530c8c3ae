// A program has the PTP clock open while the driver is unbound, unplugged or unloaded. Its calls then fail
// with ENODEV, and nothing is left behind.

import { showInstantNs } from '../harness/scenario/formats.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { type Scene, scenario } from '../harness/scenario/scenario.js';
import { isDriverOk } from '../harness/scenario/traffic.js';
import { ACK, SYNCRTC } from '../harness/vmmci/features.js';
import { ENODEV, holdPtp, needsPtp, ptpClock, ptpClocks } from './shared/ptp.js';

const calls = ['time', 'extended', 'caps', 'settime'];
const options = {
  needs: ['PTP_1588_CLOCK'],
  driver: 'installed',
  clock: 'frozen:2031-05-06T07:08:09.654321Z',
} as const;

/**
 * A way in which the driver loses the device, and the way back. `how` is a clause for the names of checks.
 */
interface Loss {
  readonly how: string;
  readonly lose: () => Promise<unknown>;
  readonly restore: () => Promise<unknown>;
}

const lossesOf = async ({ vm, device, driver }: Scene): Promise<readonly Loss[]> => {
  const { shell } = vm;
  const { virtioDriver, pciDriver } = driver.description;
  const bound = await shell.text(`basename ${driver.path('')}`);
  const unbound = (how: string, directory: string, device: string): Loss => ({
    how,
    lose: () => shell.text(`echo ${device} >${directory}/unbind`),
    restore: () => shell.text(`echo ${device} >${directory}/bind`),
  });
  return [
    ...(virtioDriver === undefined
      ? []
      : [unbound('the virtio driver is unbound', driver.binding.directory, bound)]),
    unbound('the PCI driver is unbound', `/sys/bus/pci/drivers/${pciDriver}`, vm.address),
    { how: 'the function is unplugged', lose: () => vm.unplug(), restore: () => vm.plug() },
    {
      how: 'the device stops responding and the driver is unloaded',
      lose: async () => {
        await device.stopBackend();
        await driver.unload();
      },
      restore: async () => {
        await device.startBackend();
        await driver.load(driver.quiet);
      },
    },
    {
      how: 'the modules are unloaded',
      lose: () => driver.unload(),
      restore: () => driver.load(driver.quiet),
    },
  ];
};

/** A program opens the clock before the loss, and calls it afterwards with the same descriptor. */
const checkLoss = async (scene: Scene, name: string, { how, lose, restore }: Loss): Promise<void> => {
  const { vm, device, trace, until } = scene;
  const { shell } = vm;
  const check = scene.check('shows-ptp-time');
  check.equal(
    `PTP clocks before ${how}`,
    (await ptpClocks(shell, vm.address)).map((clock) => clock.name),
    [name],
  );
  const finish = await holdPtp({ vm, trace }, await ptpClock(shell, vm.address), ...calls);
  await lose();
  check.equal(`PTP clocks once ${how}`, await ptpClocks(shell, vm.address), []);
  const mark = trace.mark;
  const [first, ...rest] = await finish();
  check.equal(
    'clock_gettime while the driver is bound',
    first?.values[0],
    device.clock.now() * 1000n,
    showInstantNs,
  );
  check.equal(
    `errno of each call once ${how}`,
    rest.map(({ step, errno }) => [step, errno]),
    calls.map((step) => [step, ENODEV]),
  );
  check.equal('accesses to the device by these calls', trace.since(mark, 'bar-read').length, 0);
  const returned = trace.mark;
  await restore();
  await until('status', returned, isDriverOk);
};

scenario('ptp-open', options, async (scene) => {
  const { check, vm, device, driver } = scene;
  const name = needsPtp(driver);
  const before = await holdings(vm.shell, vm.address);
  await driver.load(driver.quiet);
  for (const loss of await lossesOf(scene)) await checkLoss(scene, name, loss);
  await driver.unload();
  check('leaves-nothing').equal('leaked resources', await leftovers(vm.shell, before), []);

  // If the host does not offer the time, the driver must not register a clock.
  await device.stopBackend();
  await device.startBackend({ features: ACK | SYNCRTC });
  await driver.load(driver.quiet);
  check('shows-ptp-time').equal(
    'PTP clocks where the host does not offer the time',
    await ptpClocks(vm.shell, vm.address),
    [],
  );
});
