// The device is gone and reads as all ones. The driver takes that for no time, command or interrupt, and
// leaves nothing behind.

import { deferredProbes, readDevice } from '../harness/guest/sysfs.js';
import { showInstant } from '../harness/scenario/formats.js';
import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isCommandRead, readsOf } from '../harness/scenario/traffic.js';
import { checkNames } from './shared/check-names.js';
import { countUnhandled } from './shared/count-unhandled.js';
import { driverLog } from './shared/driver-log.js';
import { probeErrors } from './shared/probe-errors.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';
import { unloadAbsent } from './shared/unload-absent.js';

const pollMs = 20;
const polls = 20;

scenario('surprise-removal', { driver: 'installed' }, async (scene) => {
  const { check, vm, device, driver, trace, until } = scene;
  const { shell } = vm;
  driver.needsPollInterval();
  const before = await holdings(shell, vm.address);
  await driver.load(driver.pollingEvery(pollMs));
  const time = await driver.hostTime();
  check('shows-host-time').equal(
    'host time with the device',
    time,
    device.vmmci.state().lastSample,
    showInstant,
  );

  const logged = (await driverLog(shell, driver.description)).length;
  await device.stopBackend();
  const mark = trace.mark;
  await until('bar-read', mark, isCommandRead, polls);
  const lines = (await driverLog(shell, driver.description)).slice(logged);
  check('quiet-log').that(
    `lines of ${polls} polls of a device that does not respond`,
    lines.length < polls,
    `fewer than ${polls}`,
    lines.length,
  );
  const shown = await driver.read(driver.hostTimeName);
  const absent = 'No such device';
  check('no-time-is-an-error').that('host time without the device', shown.includes(absent), absent, shown);
  check('survives-removal').equal('last command', await driver.lastCommand(), 'NONE');
  const counts = Object.values(await driver.commandCounts());
  check('survives-removal').equal('commands', counts, [0, 0, 0, 0]);
  await unloadAbsent(scene);
  check('leaves-nothing').equal('leaked resources', await leftovers(shell, before), []);

  await driver.load(driver.pollingEvery(pollMs));
  const bound = (await readDevice(shell, vm.address))?.driver;
  check('refuses-absent-device').equal('driver of a device that does not respond', bound, null);
  check('refuses-absent-device').equal(checkNames.probeErrors, await probeErrors(shell), []);
  check('survives-removal').equal(checkNames.deferred, await deferredProbes(shell, vm.address), []);
  await unloadAbsent(scene);
  check('leaves-nothing').equal('leaked resources after a failed probe', await leftovers(shell, before), []);

  // The modules stay loaded after a failed probe, and the function is bound again.
  await driver.load(driver.quiet);
  await device.startBackend();
  await shell.text(`echo ${vm.address} >/sys/bus/pci/drivers/${driver.description.pciDriver}/bind`);
  const again = await driver.hostTime();
  check('comes-back').equal(
    'host time when the device is back',
    again,
    device.vmmci.state().lastSample,
    showInstant,
  );

  if (!takesSyncRtc(scene)) return;
  const irq = (await readDevice(shell, vm.address))?.irq ?? -1;
  device.faults.set({ faults: [{ kind: 'ones', when: readsOf('isr') }] });
  const interrupted = trace.mark;
  check('driver-ok').equal('SYNCRTC while the ISR reads as all ones', device.host.command('SYNCRTC'), 'sent');
  await until('fault', interrupted);
  // Linux's own transports take all ones for a config change.
  const claims = check('refuses-absent-device');
  claims.equal('acknowledgements', acks(trace, interrupted), []);
  claims.equal('unhandled interrupts', await countUnhandled(scene, irq), 1);
});
