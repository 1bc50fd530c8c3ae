// An acknowledged REBOOT stays in the register. The driver acts on it once, however often it reads the
// register, and acts on a new REBOOT again.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isCommandRead, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';
import { needSyncRtc } from './shared/takes-sync-rtc.js';

const options = { scheduler: new VirtualScheduler(), pollMs: 20 };

scenario('sticky-stop', options, async ({ check, vm, device, driver, trace, until }) => {
  needSyncRtc({ driver, device });
  await recordPowerRequests(vm.shell);
  // The driver polls before the first stop, so that it can be told whether it polls after it.
  if (driver.hasPollInterval) await until('bar-read', trace.mark, isCommandRead, 4);
  const requested: string[] = [];
  for (const [name, program] of [
    ['REBOOT', 'reboot'],
    ['REBOOT', 'reboot'], // right after the SYNCRTC: no poll reads NONE in between
    ['SHUTDOWN', 'poweroff'],
  ] as const) {
    let mark = trace.mark;
    check('driver-ok').equal(name, device.host.command(name), 'sent');
    const { seq } = await until('ack', mark);
    // A driver that does not poll sees the register again at the next interrupt, the SYNCRTC below.
    if (driver.hasPollInterval) await until('bar-read', seq, isCommandRead, 5);
    requested.push(program);
    const seen = await powerRequests(vm.shell, requested.length);
    check('acts-once').equal('requests to go down', seen, requested);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), [`${name}: graceful`]);
    check('acknowledges').equal('command register', device.vmmci.state().command, name);
    if (driver.showsCommands) check('shows-commands').equal('last command', await driver.lastCommand(), name);

    mark = trace.mark;
    check('driver-ok').equal(`SYNCRTC that replaces the ${name}`, device.host.command('SYNCRTC'), 'sent');
    await until('ack', mark);
    check('acknowledges').equal('acknowledgements', acks(trace, mark), ['SYNCRTC: cleared']);
  }
  check('acts-once').equal('requests to go down at the end', await powerRequests(vm.shell), requested);
  if (!driver.showsCommands) return;
  const counts = { SHUTDOWN: 1, REBOOT: 2, SYNCRTC: 3, unknown: 0 };
  check('shows-commands').equal('commands', await driver.commandCounts(), counts);
});

scenario('stop-again', options, async ({ check, vm, device, driver, trace, until }) => {
  driver.needsPollInterval();
  await recordPowerRequests(vm.shell);
  let mark = trace.mark;
  check('driver-ok').equal('REBOOT', device.host.command('REBOOT'), 'sent');
  await until('ack', mark);
  check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);

  // The device does not respond for a while. The REBOOT is still the one that was handled.
  mark = trace.mark;
  device.faults.set({ faults: [{ kind: 'ones', when: { ...readsOf('command'), times: 3 } }] });
  await until('fault', mark, undefined, 3);
  await until('bar-read', trace.mark, isCommandRead, 3);
  check('acts-once').equal(checkNames.acksAfterAbsence, acks(trace, mark), []);

  // The register reads as NONE, as after a restart of the device. The command after that is a new one, even
  // if it is the same.
  mark = trace.mark;
  device.faults.set({ faults: [{ kind: 'value', value: 0, when: readsOf('command') }] });
  await until('fault', mark, undefined, 3);
  check('acts-once').equal('acknowledgements while there is no command', trace.since(mark, 'ack').length, 0);
  device.faults.clear();
  await until('ack', mark);
  check('acts-on-newest').equal('requests to go down', await powerRequests(vm.shell, 2), [
    'reboot',
    'reboot',
  ]);
  const { REBOOT } = await driver.commandCounts();
  check('shows-commands').equal('REBOOT commands', REBOOT, 2);
});
