// The guest sleeps (ACPI S3), and the device loses its state. After the wake-up the driver has restored the
// features and DRIVER_OK, commands work, and those from before are still shown.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { showFeatures, showInstant, showStatus } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import {
  acks,
  hasDriverOk,
  isCommandRead,
  isDriverOk,
  isTimeRead,
  writes,
} from '../harness/scenario/traffic.js';
import { checkNames } from './shared/check-names.js';
import { suspendGuest } from './shared/suspend-guest.js';
import { takesSyncRtc } from './shared/takes-sync-rtc.js';

const options = { pollMs: 20, needs: ['SUSPEND'] } as const;

scenario('suspend', options, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  await recordPowerRequests(vm.shell);
  const early = trace.mark;
  check('driver-ok').equal('REBOOT before the sleep', device.host.command('REBOOT'), 'sent');
  await until('ack', early);
  check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);
  const counts = { SHUTDOWN: 0, REBOOT: 1, SYNCRTC: 0, unknown: 0 };
  if (driver.showsCommands)
    check('shows-commands').equal(checkNames.commandsBeforeSleep, await driver.commandCounts(), counts);
  const { guestFeatures: before } = device.vmmci.state();
  const mark = trace.mark;
  await suspendGuest(vm);
  const { seq } = await until('status', mark, isDriverOk);
  const { guestFeatures, status } = device.vmmci.state();
  check('restores-after-sleep').equal('negotiated features', guestFeatures, before, showFeatures);
  check('restores-after-sleep').that('DRIVER_OK', hasDriverOk(status), 'set', showStatus(status));
  if (driver.hasPollInterval) await until('bar-read', seq, isCommandRead, 3);
  // A driver that measures the time by itself reads it at any moment.
  const { syncRtc, time } = driver.description;
  if (syncRtc === 'registers' && time !== undefined)
    check('no-needless-accesses').equal(
      checkNames.readsOnWaking,
      trace.since(mark, 'bar-read').filter(isTimeRead).length,
      0,
    );
  if (driver.showsHostTime) {
    const time = await driver.hostTime();
    check('restores-after-sleep').equal('host time', time, device.vmmci.state().lastSample, showInstant);
  }
  check('acts-once').equal('requests to go down after the sleep', await powerRequests(vm.shell), ['reboot']);
  if (driver.showsCommands) {
    check('shows-commands').equal(checkNames.lastCommandAfterSleep, await driver.lastCommand(), 'REBOOT');
    check('shows-commands').equal(checkNames.commandsAfterSleep, await driver.commandCounts(), counts);
  }
  const woken = trace.mark;
  const [name, effect] = takesSyncRtc(scene)
    ? (['SYNCRTC', 'cleared'] as const)
    : (['SHUTDOWN', 'graceful'] as const);
  check('restores-after-sleep').equal(name, device.host.command(name), 'sent');
  await until('ack', woken);
  check('acknowledges').equal('acknowledgements', acks(trace, woken), [`${name}: ${effect}`]);
  const late = writes(trace, seq).filter((write) => write.startsWith('write guestFeatures'));
  check('negotiates-features').equal('writes of the features after DRIVER_OK', late, []);
});
