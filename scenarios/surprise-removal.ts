// The device is gone and reads as all ones: no time, no command, no interrupt of ours, and nothing left behind.
import { readInterrupt } from '../harness/guest/interrupts.js';
import { readDevice } from '../harness/guest/sysfs.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isLook } from '../harness/scenario/traffic.js';
import { functionAddress } from '../harness/scenario/vm.js';

const readIsr = { protocol: 'vfio-user', command: 'REGION_READ', region: 0, offset: 19 } as const;
const parameters = { drift_interval_ms: '20' };

scenario('surprise-removal', { driver: 'installed' }, async ({ check, vm, device, driver, trace, until }) => {
  const { shell } = vm;
  const read = async (): Promise<string> => {
    const { stdout, stderr } = await shell.run(`cat ${driver.path(driver.hostTimeName)}`);
    return `${stdout}${stderr}`.trim();
  };
  const before = await holdings(shell);
  await driver.load(parameters);
  const time = await driver.hostTime();
  check.equal('host_time while the device is there', time, device.vmmci.state().lastSample);

  await device.stopBackend();
  const mark = trace.mark;
  await until('bar-read', mark, isLook, 3);
  const shown = await read();
  check.that('host_time without it', shown.includes('No such device'), 'No such device', shown);
  check.equal('last_command', await driver.lastCommand(), 'NONE');
  check.equal('commands', Object.values(await driver.commandCounts()), [0, 0, 0, 0]);
  await driver.unload();
  check.equal('what the driver left behind', await leftovers(shell, before), []);

  await driver.load(parameters);
  check.equal(
    'driver in use of a device that does not answer',
    (await readDevice(shell, functionAddress))?.driver,
    null,
  );
  await driver.unload();
  check.equal('what the second one left behind', await leftovers(shell, before), []);

  await device.startBackend();
  await driver.load(driver.quiet);
  const again = await driver.hostTime();
  check.equal('host_time when it is back', again, device.vmmci.state().lastSample);

  const irq = (await readDevice(shell, functionAddress))?.irq ?? -1;
  device.faults.set({ faults: [{ kind: 'ones', when: readIsr }] });
  const interrupted = trace.mark;
  check.equal('SYNCRTC to a driver that reads the ISR as all ones', device.host.command('SYNCRTC'), 'sent');
  await until('fault', interrupted);
  check.equal('interrupts that nobody claimed', (await readInterrupt(shell, irq)).unhandled, 1);
  check.equal('acknowledgements', acks(trace, interrupted), []);
});
