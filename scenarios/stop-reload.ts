// A reset of the device does not clear the command: a reloaded driver finds the stop that the previous one
// has handled, and must not act on it again.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isCommandRead, isDriverOk, readsOf } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';
import { checkNames } from './shared/check-names.js';

const parameters = { drift_interval_ms: '20' };
const none = { SHUTDOWN: 0, REBOOT: 0, SYNCRTC: 0, unknown: 0 };

scenario('stop-reload', { scheduler: new VirtualScheduler() }, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until, environment } = scene;
  await recordPowerRequests(vm.shell);
  const requested: string[] = [];
  let mark = trace.mark;
  for (const [name, program] of [
    ['SHUTDOWN', 'poweroff'],
    ['REBOOT', 'reboot'],
  ] as const) {
    mark = trace.mark;
    check('driver-ok').equal(name, device.host.command(name), 'sent');
    await until('ack', mark);
    requested.push(program);
    const seen = await powerRequests(vm.shell, requested.length);
    check('goes-down').equal('requests to go down', seen, requested);

    await driver.unload();
    check('acknowledges').equal('command register', device.vmmci.state().command, name);
    mark = trace.mark;
    await driver.load(driver.having(parameters));
    const up = await until('status', mark, isDriverOk);
    // A driver that does not poll sees the register at the next interrupt, the next command below.
    if (driver.has('drift_interval_ms')) await until('bar-read', up.seq, isCommandRead, 5);
    check('survives-reload').equal('acknowledgements by the new driver', acks(trace, mark), []);
    check('survives-reload').equal('requests to go down', await powerRequests(vm.shell), requested);
    if (driver.showsCommands) {
      check('shows-commands').equal('last command', await driver.lastCommand(), 'NONE');
      check('shows-commands').equal(checkNames.commandsAfterReload, await driver.commandCounts(), none);
    }
  }

  // A command that the driver does not know, and that was sent before it was bound, is an old one, too.
  await driver.unload();
  device.faults.set({ faults: [{ kind: 'value', value: 7, when: readsOf('command') }] });
  mark = trace.mark;
  await driver.load(driver.having(parameters));
  const up = await until('status', mark, isDriverOk);
  if (driver.has('drift_interval_ms')) await until('bar-read', up.seq, isCommandRead, 5);
  if (driver.showsCommands)
    check('shows-commands').equal(checkNames.commandsBeforeBound, await driver.commandCounts(), none);
  await driver.unload();
  device.faults.clear();
  await driver.load(driver.having(parameters));

  mark = trace.mark;
  check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  mark = trace.mark;
  check('driver-ok').equal('REBOOT', device.host.command('REBOOT'), 'sent');
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements of a new REBOOT', acks(trace, mark), ['REBOOT: graceful']);
  requested.push('reboot');
  const requests = await powerRequests(vm.shell, requested.length);
  check('goes-down').equal('requests to go down afterwards', requests, requested);

  // Without a program that powers off, the guest stays up: it is not powered off by force.
  if (environment.level !== 'may') return;
  await vm.shell.text('rm /sbin/poweroff');
  for (const name of ['SHUTDOWN', 'REBOOT'] as const) {
    mark = trace.mark;
    check('driver-ok').equal(`${name} without /sbin/poweroff`, device.host.command(name), 'sent');
    await until('ack', mark);
    // Waits until the command is carried out.
    await driver.unload();
    await driver.load(driver.having(parameters));
  }
  requested.push('reboot');
  check('keeps-data').equal(
    checkNames.requestsWithoutProgram,
    await powerRequests(vm.shell, requested.length),
    requested,
  );
});
