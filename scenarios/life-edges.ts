// Commands arrive when the driver has just set DRIVER_OK and while it is unloaded, and the driver refuses a
// device that does not respond.

import { setGuestClock, shiftGuestClock } from '../harness/guest/clock.js';
import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { showInstantNs } from '../harness/scenario/formats.js';
import { scenario } from '../harness/scenario/scenario.js';
import {
  acks,
  hasDriverOk,
  isCommandRead,
  isDriverOk,
  isReadOf,
  readsOf,
} from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { probeErrors } from './shared/probe-errors.js';
import { inRealTime } from './shared/real-time.js';

/** The frozen time of the device's clock, in nanoseconds since 1970. */
const frozenNs = 1_795_350_896_123_456_000n;
const year = 365n * 86_400_000_000_000n;

const options = {
  driver: 'installed',
  clock: 'frozen:2026-11-22T12:34:56.123456Z',
  scheduler: new VirtualScheduler(),
} as const;

scenario('driver-ok', options, async ({ check, vm, device, driver, trace, until }) => {
  await recordPowerRequests(vm.shell);
  for (const [name, expected] of [
    ['SYNCRTC', 'SYNCRTC: cleared'],
    ['REBOOT', 'REBOOT: graceful'],
  ] as const) {
    // The host sends SYNCRTC only to a driver that has accepted it.
    if (name === 'SYNCRTC' && driver.description.syncRtc === undefined) continue;
    const results: string[] = [];
    // The command is sent while the guest is still in the write of DRIVER_OK.
    const stop = trace.follow((event) => {
      if (event.kind === 'status' && isDriverOk(event)) results.push(device.host.command(name));
    });
    const mark = trace.mark;
    await driver.load(driver.quiet);
    await until('ack', mark);
    stop();
    check('driver-ok').equal(`${name} on the write of DRIVER_OK`, results, ['sent']);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), [expected]);
    await driver.unload();
  }
  check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);
});

/** With these a driver is unloaded before the work that it has queued begins. */
const withHelpers = { ...options, helpers: true } as const;

scenario('unload-pending', withHelpers, async ({ check, vm, device, driver, trace, until }) => {
  driver.needs(driver.description.syncRtc === 'registers', "a SYNCRTC that sets the clock to the device's");
  const { shell } = vm;
  const setTime = (mark: number) => trace.since(mark, 'bar-read').filter(isReadOf('secondsLow')).length;

  // The ISR reads as 0, as for another device's interrupt, and the driver does not poll: it finds the command
  // only when it is removed.
  await driver.load(driver.quiet);
  await setGuestClock(shell, frozenNs + year);
  device.faults.set({ faults: [{ kind: 'value', value: 0, when: { ...readsOf('isr'), times: 1 } }] });
  let mark = trace.mark;
  const sent = process.hrtime.bigint();
  check('driver-ok').equal('SYNCRTC without an interrupt', device.host.command('SYNCRTC'), 'sent');
  await until('fault', mark);
  check('acknowledges').equal('acknowledgements before the driver is unloaded', acks(trace, mark), []);
  await inRealTime(shell, () => driver.unload());
  const now = await shiftGuestClock(shell, 0n);
  const latest = frozenNs + process.hrtime.bigint() - sent;
  const acknowledged = acks(trace, mark);
  check('looks-before-removal').equal('acknowledgements once it is gone', acknowledged, ['SYNCRTC: cleared']);
  const isHandled = acknowledged.length > 0;
  if (isHandled)
    check('carries-out').between(
      "the guest's clock, which the command was to set",
      now,
      { from: frozenNs, to: latest },
      showInstantNs,
    );

  mark = trace.mark;
  await driver.load(driver.quiet);
  if (isHandled) {
    check('acts-once').equal('acknowledgements by the next driver', acks(trace, mark), []);
    check('acts-once').equal('readings of the time by the next driver', setTime(mark), 0);
  } else await until('ack', mark);

  // The next driver has to handle a command that this one never sees: the host sends no other SYNCRTC until
  // this one is acknowledged.
  device.faults.set({
    faults: [
      { kind: 'value', value: 0, when: { ...readsOf('isr'), times: 1 } },
      { kind: 'value', value: 0, when: readsOf('command') },
    ],
  });
  mark = trace.mark;
  check('driver-ok').equal('SYNCRTC that the driver does not see', device.host.command('SYNCRTC'), 'sent');
  await until('fault', mark);
  await driver.unload();
  device.faults.clear();
  check('acknowledges').equal('acknowledgements before the next driver', acks(trace, mark), []);
  await driver.load(driver.pollingEvery(20));
  await until('ack', mark);
  check('takes-pending-command').equal('acknowledgements by the next driver', acks(trace, mark), [
    'SYNCRTC: cleared',
  ]);
});

scenario('unload-stop', withHelpers, async ({ check, vm, device, driver, trace, until }) => {
  await recordPowerRequests(vm.shell);
  await driver.load(driver.quiet);
  device.faults.set({ faults: [{ kind: 'value', value: 0, when: { ...readsOf('isr'), times: 1 } }] });
  const mark = trace.mark;
  check('driver-ok').equal('SHUTDOWN without an interrupt', device.host.command('SHUTDOWN'), 'sent');
  await until('fault', mark);
  await inRealTime(vm.shell, () => driver.unload());
  const acknowledged = acks(trace, mark);
  check('looks-before-removal').equal('acknowledgements once it is gone', acknowledged, [
    'SHUTDOWN: graceful',
  ]);
  if (acknowledged.length > 0)
    check('carries-out').equal('requests to go down', await powerRequests(vm.shell, 1), ['poweroff']);
});

scenario('probe-absent-command', options, async ({ check, vm, device, driver, trace, until }) => {
  const { driver: name, directory, devices } = driver.binding;
  const bound = () => vm.shell.text(`ls -d ${directory}/${devices} 2>/dev/null | wc -l`);
  device.faults.set({ faults: [{ kind: 'ones', when: readsOf('command') }] });
  await driver.load(driver.quiet);
  check('refuses-absent-device').equal(
    `devices bound to ${name} where the command reads as all ones`,
    await bound(),
    '0',
  );
  check('refuses-absent-device').equal(checkNames.probeErrors, await probeErrors(vm.shell), []);
  const isSet = hasDriverOk(device.vmmci.state().status);
  check('refuses-absent-device').equal('DRIVER_OK', isSet ? 'set' : 'not set', 'not set');
  await driver.unload();
  device.faults.clear();
  const mark = trace.mark;
  await driver.load(driver.pollingEvery(20));
  if (driver.hasPollInterval) await until('bar-read', mark, isCommandRead, 3);
  check('comes-back').equal('devices bound when the device responds', await bound(), '1');
});
