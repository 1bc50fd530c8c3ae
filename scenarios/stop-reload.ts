// A reset of the device does not clear the command: a reloaded driver finds the REBOOT that the previous one
// has handled, and must not act on it again.

import { powerRequests, recordPowerRequests } from '../harness/guest/power.js';
import { scenario } from '../harness/scenario/scenario.js';
import { acks, isCommandRead, isDriverOk } from '../harness/scenario/traffic.js';
import { VirtualScheduler } from '../harness/vmmci/scheduler.js';

const parameters = { drift_interval_ms: '20' };

scenario('stop-reload', { scheduler: new VirtualScheduler() }, async ({ check, ...scene }) => {
  const { vm, device, driver, trace, until } = scene;
  await recordPowerRequests(vm.shell);
  let mark = trace.mark;
  check('driver-ok').equal('stop', device.host.stop(), 'sent');
  await until('ack', mark);
  check('goes-down').equal('requests to go down', await powerRequests(vm.shell, 1), ['reboot']);

  await driver.unload();
  check('acknowledges').equal('command register', device.vmmci.state().command, 'REBOOT');
  mark = trace.mark;
  await driver.load(driver.having(parameters));
  const up = await until('status', mark, isDriverOk);
  // A driver that does not poll sees the register at the next interrupt, the SYNCRTC below.
  if (driver.has('drift_interval_ms')) await until('bar-read', up.seq, isCommandRead, 5);
  check('survives-reload').equal('acknowledgements by the new driver', acks(trace, mark), []);
  check('survives-reload').equal('requests to go down', await powerRequests(vm.shell), ['reboot']);
  if (driver.showsCommands) check('shows-commands').equal('last command', await driver.lastCommand(), 'NONE');

  mark = trace.mark;
  check('driver-ok').equal('SYNCRTC', device.host.command('SYNCRTC'), 'sent');
  await until('ack', mark);
  mark = trace.mark;
  check('driver-ok').equal('REBOOT', device.host.command('REBOOT'), 'sent');
  await until('ack', mark);
  check('acknowledges').equal('acknowledgements of a new REBOOT', acks(trace, mark), ['REBOOT: graceful']);
  const requests = await powerRequests(vm.shell, 2);
  check('goes-down').equal('requests to go down afterwards', requests, ['reboot', 'reboot']);
});
