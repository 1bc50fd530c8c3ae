// The device no longer responds when the guest wakes up. The guest keeps running, and the driver can be
// unloaded.

import { holdings, leftovers } from '../harness/scenario/leftovers.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks } from '../harness/scenario/traffic.js';
import { checkNames } from './shared/check-names.js';
import { driverLog, warningsIn } from './shared/driver-log.js';
import { plugSecond, timeoutMs } from './shared/second-function.js';
import { suspendGuest } from './shared/suspend-guest.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';
import { unloadAbsent } from './shared/unload-absent.js';

const ENODEV = 19;

const options = { driver: 'installed', needs: ['SUSPEND'] } as const;

scenario('suspend-absent', options, async (scene) => {
  const { check, vm, device, driver } = scene;
  const { shell } = vm;
  const before = await holdings(shell, vm.address);
  await driver.load(driver.quiet);
  const logged = (await driverLog(shell, driver.description)).length;
  await suspendGuest(vm, () => device.stopBackend());
  if (driver.description.logLines?.absent !== undefined) {
    // What the driver writes here may differ from its line in probe. The kernel adds lines of its own.
    const lines = (await driverLog(shell, driver.description)).slice(logged);
    const own = lines.filter((line) => !/\bPM: /.test(line));
    check('says-what-happens').that(
      checkNames.absenceAtResume,
      warningsIn(own).length > 0,
      'a warning or an error',
      own,
    );
  }
  const shown = await driver.read(driver.hostTimeName);
  const absent = 'No such device';
  check('no-time-is-an-error').that('host time without the device', shown.includes(absent), absent, shown);
  const log = await shell.output(['log-lines', 'failed to resume']);
  const errors = [...log.matchAll(/: error (-?\d+)/g)].map(([, error]) => error);
  check('restores-after-sleep').that(checkNames.resumeError, errors.length > 0, 'in the kernel log', errors);
  check('refuses-absent-device').equal('errors of the resume', errors, [`-${ENODEV}`]);
  // A guest can also sleep without the device.
  await suspendGuest(vm);
  await unloadAbsent(scene);
  check('leaves-nothing').equal('leaked resources', await leftovers(shell, before), []);

  await device.startBackend();
  await driver.load(driver.quiet);
  const time = await driver.hostTime();
  check('comes-back').equal('host time when the device is back', time, device.vmmci.state().lastSample);
});

// Another function on the interrupt line wakes up as usual.
scenario('suspend-beside-absent', { needs: ['SUSPEND', 'PCI_MSI'], quiet: true }, async (scene) => {
  const { check, vm, device, driver } = scene;
  needSyncRtc(scene);
  const second = await plugSecond(scene);
  await suspendGuest(vm, () => device.stopBackend());
  const { mark } = second.trace;
  // At the first interrupt the handler of the absent function may still disable the line.
  for (const nth of ['first', 'second']) {
    const sent = second.trace.mark;
    const result = second.device.host.command('SYNCRTC');
    check('driver-ok').equal(`${nth} SYNCRTC to a function beside an absent one`, result, 'sent');
    const answer = second.trace.next('ack', sent);
    await vm.console.guard(answer, { what: `${nth} acknowledgement beside an absent function`, timeoutMs });
  }
  check('keeps-devices-apart').equal('acknowledgements beside an absent function', acks(second.trace, mark), [
    'SYNCRTC: cleared',
    'SYNCRTC: cleared',
  ]);
  await unloadAbsent({ check, vm, driver });
});
